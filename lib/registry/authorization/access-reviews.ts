/** May they: SubjectAccessReview, LocalSubjectAccessReview, SelfSubjectAccessReview (upstream: pkg/registry/authorization). */
import { newInternalError, newInvalid } from "../../apimachinery/errors.ts";
import type { FieldError } from "../../apimachinery/validation/field.ts";
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from "../../openapi/types/authorization-v1.ts";
import type { Access, Strategy, StrategyContext } from "../strategy.ts";
import { type Question, question } from "./attributes.ts";
import { validateLocal, validateMetadata, validateQuestion, validateSelectors, validateSpec } from "./validation.ts";

/** Throws 422; the kind is empty, as upstream's internal object has none. */
function refuse(errors: FieldError[]): void {
  if (errors.length > 0) throw newInvalid({ group: "authorization.k8s.io", kind: "" }, "", errors);
}

/** The part of the context that answers reviews. Throws 500 where a server was made without it. */
export function accessOf({ access }: StrategyContext): Access {
  if (!access) throw newInternalError("no authorizer is configured");
  return access;
}

async function answer(
  { attributes, problems }: Question,
  context: StrategyContext,
): Promise<SubjectAccessReviewStatus> {
  const { decision, reason, error } = await accessOf(context).authorize(attributes);
  const errors = [...(error === undefined ? [] : [error]), ...problems];
  return {
    allowed: decision === "allow",
    ...(decision === "deny" ? { denied: true } : {}),
    ...(reason === "" ? {} : { reason }),
    ...(errors.length === 0 ? {} : { evaluationError: errors.join("; ") }),
  };
}

function subject({ user = "", uid, groups = [], extra, ...spec }: SubjectAccessReviewSpec): Question {
  return question({ username: user, uid, groups, extra }, spec.resourceAttributes, spec.nonResourceAttributes);
}

/** subjectaccessreviews */
export const subjectAccessReviewStrategy: Strategy<SubjectAccessReview> = {
  async review(review, context) {
    refuse([...validateSpec(review.spec), ...validateMetadata(review.metadata, false)]);
    return { ...review, status: await answer(subject(review.spec), context) };
  },
};

/** localsubjectaccessreviews */
export const localSubjectAccessReviewStrategy: Strategy<LocalSubjectAccessReview> = {
  async review(review, context) {
    const { spec, metadata } = review;
    const local = validateLocal(metadata.namespace ?? "", spec);
    refuse([...validateSpec(spec), ...validateMetadata(metadata, true), ...local]);
    return { ...review, status: await answer(subject(spec), context) };
  },
};

/** selfsubjectaccessreviews */
export const selfSubjectAccessReviewStrategy: Strategy<SelfSubjectAccessReview> = {
  async review(review, context) {
    const { resourceAttributes, nonResourceAttributes } = review.spec;
    const errors = [
      ...validateQuestion(resourceAttributes, nonResourceAttributes),
      ...validateSelectors(resourceAttributes),
      ...validateMetadata(review.metadata, false),
    ];
    refuse(errors);
    const asked = question(context.user, resourceAttributes, nonResourceAttributes);
    return { ...review, status: await answer(asked, context) };
  },
};
