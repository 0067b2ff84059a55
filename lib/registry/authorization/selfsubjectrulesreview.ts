/** What may I: SelfSubjectRulesReview (upstream: pkg/registry/authorization/selfsubjectrulesreview). */
import { newBadRequest } from "../../apimachinery/errors.ts";
import type { SelfSubjectRulesReview } from "../../openapi/types/authorization-v1.ts";
import type { Strategy } from "../strategy.ts";
import { accessOf } from "./access-reviews.ts";

const isSet = (list: readonly string[] | undefined) => list !== undefined && list.length > 0;

/** selfsubjectrulesreviews */
export const selfSubjectRulesReviewStrategy: Strategy<SelfSubjectRulesReview> = {
  async review({ apiVersion, kind, spec }, context) {
    if (!spec.namespace) throw newBadRequest("no namespace on request");
    const { rules, incomplete, error } = await accessOf(context).rulesFor(context.user, spec.namespace);
    const resourceRules = rules.filter(({ resources }) => isSet(resources));
    const nonResourceRules = rules.filter(({ nonResourceURLs }) => isSet(nonResourceURLs));
    return {
      kind,
      apiVersion,
      metadata: {} as SelfSubjectRulesReview["metadata"],
      spec: {},
      status: {
        resourceRules: resourceRules.map(({ verbs, apiGroups, resources, resourceNames }) => ({
          verbs,
          ...(isSet(apiGroups) ? { apiGroups } : {}),
          resources,
          ...(isSet(resourceNames) ? { resourceNames } : {}),
        })),
        nonResourceRules: nonResourceRules.map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        incomplete,
        ...(error === undefined ? {} : { evaluationError: error }),
      },
    };
  },
};
