/** RBAC (upstream: plugin/pkg/auth/authorizer/rbac). */
import type { Authorizer } from "../authorizer.ts";
import type { RoleIndex } from "./role-index.ts";
import { ruleAllows } from "./rule.ts";

/** Allows what some rule that the user holds allows; denies nothing. */
export function rbacAuthorizer(index: RoleIndex): Authorizer {
  return {
    async authorize(attributes) {
      const { grants, errors } = index.grantsFor(attributes.user, attributes.namespace);
      for (const { rules, source } of grants) {
        if (rules.some((rule) => ruleAllows(rule, attributes))) {
          return { decision: "allow", reason: `RBAC: allowed by ${source}` };
        }
      }
      const problems = [...new Set(errors)];
      if (problems.length === 0) return { decision: "no opinion", reason: "" };
      const text = problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
      return { decision: "no opinion", reason: `RBAC: ${text}` };
    },
  };
}
