/** Specs of access reviews (upstream: pkg/apis/authorization/validation). */
import { type FieldError, invalid, type Path, path, required } from "../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import type {
  FieldSelectorAttributes,
  NonResourceAttributes,
  ResourceAttributes,
  SubjectAccessReviewSpec,
} from "../../openapi/types/authorization-v1.ts";
import type { FieldSelectorRequirement } from "../../openapi/types/meta-v1.ts";

const spec = path("spec");

/** How upstream's internal type prints. */
const shown = ({ path: url = "", verb = "" }: NonResourceAttributes) => ({ Path: url, Verb: verb });

function validateForms(
  selector: { rawSelector?: string; requirements?: readonly unknown[] } | undefined,
  field: Path,
): FieldError[] {
  if (!selector) return [];
  const raw = selector.rawSelector ?? "";
  const count = selector.requirements?.length ?? 0;
  if (raw !== "" && count > 0) {
    return [invalid(field.child("rawSelector"), raw, "may not specified at the same time as requirements")];
  }
  if (raw !== "" || count > 0) return [];
  return [required(field.child("requirements"), `when ${field} is specified, requirements or rawSelector is required`)];
}

function validateFieldRequirement({ key, operator, values = [] }: FieldSelectorRequirement, field: Path): FieldError[] {
  const errors = key ? [] : [required(field.child("key"), "must be specified")];
  if ((operator === "In" || operator === "NotIn") && values.length === 0) {
    errors.push(required(field.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
    const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push({ ...required(field.child("values"), text), type: "FieldValueForbidden" });
  }
  return errors;
}

function validateFieldSelector(selector: FieldSelectorAttributes | undefined, field: Path): FieldError[] {
  const requirements = selector?.requirements ?? [];
  const at = field.child("requirements");
  return [
    ...validateForms(selector, field),
    ...requirements.flatMap((requirement, index) => validateFieldRequirement(requirement, at.index(index))),
  ];
}

function validateLabels(selector: ResourceAttributes["labelSelector"], field: Path): FieldError[] {
  const errors = validateForms(selector, field);
  const expressions = (selector?.requirements ?? []).map((requirement, index) => {
    const found = validateLabelSelector({ matchExpressions: [requirement] }, path("x"), { allowUnknownOperator: true });
    const at = field.child("requirements").index(index).toString();
    return found.map((error) => ({ ...error, field: error.field.replace("x.matchExpressions[0]", at) }));
  });
  return [...errors, ...expressions.flat()];
}

/** What is asked: a resource or a path, with understandable selectors. */
export function validateQuestion(
  resource: ResourceAttributes | undefined,
  nonResource: NonResourceAttributes | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  if (resource && nonResource) {
    const text = "cannot be specified in combination with resourceAttributes";
    errors.push(invalid(spec.child("nonResourceAttributes"), shown(nonResource), text));
  }
  if (!resource && !nonResource) {
    const text = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    errors.push(invalid(spec.child("resourceAttributes"), null, text));
  }
  return errors;
}

/** The selectors of a question about resources. */
export function validateSelectors(resource: ResourceAttributes | undefined): FieldError[] {
  if (!resource) return [];
  const field = spec.child("resourceAttributes");
  return [
    ...validateFieldSelector(resource.fieldSelector, field.child("fieldSelector")),
    ...validateLabels(resource.labelSelector, field.child("labelSelector")),
  ];
}

/** The spec of a review about somebody. */
export function validateSpec({ user, groups, resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec) {
  const errors = validateQuestion(resourceAttributes, nonResourceAttributes);
  if (!user && (groups ?? []).length === 0) {
    errors.push(invalid(spec.child("user"), user ?? "", "at least one of user or group must be specified"));
  }
  return [...errors, ...validateSelectors(resourceAttributes)];
}

/** Reviews have no metadata; a local one has its namespace. */
export function validateMetadata(metadata: object | undefined, local: boolean): FieldError[] {
  const { managedFields, namespace, ...rest } = (metadata ?? {}) as Record<string, unknown>;
  const extra = Object.keys(local || namespace === undefined ? rest : { ...rest, namespace });
  if (extra.length === 0) return [];
  return [invalid(path("metadata"), metadata, local ? "must be empty except for namespace" : "must be empty")];
}

/** A local review asks about its own namespace, and about no paths. */
export function validateLocal(
  namespace: string,
  { resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec,
) {
  const errors: FieldError[] = [];
  if (resourceAttributes && (resourceAttributes.namespace ?? "") !== namespace) {
    const field = spec.child("resourceAttributes", "namespace");
    errors.push(invalid(field, resourceAttributes.namespace ?? "", "must match metadata.namespace"));
  }
  if (nonResourceAttributes) {
    const field = spec.child("nonResourceAttributes");
    errors.push(invalid(field, shown(nonResourceAttributes), "disallowed on this kind of request"));
  }
  return errors;
}
