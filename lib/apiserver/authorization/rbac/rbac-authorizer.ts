/** RBAC (upstream: plugin/pkg/auth/authorizer/rbac). */

import type { AuthorizationAttributes, Authorizer, Decision } from "../authorizer.ts";
import type { CacheGroup } from "../collection-cache.ts";
import type { RoleIndex } from "./role-index.ts";
import { ruleAllows } from "./rule.ts";

/** What RBAC says of it now. */
export function decide(index: RoleIndex, attributes: AuthorizationAttributes): Decision {
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
}

/**
 * Allows what some rule that the user holds allows; denies nothing. Before it has no opinion it makes sure that it
 * knows all that has been written, so that a grant works for the very next request.
 */
export function rbacAuthorizer(roles: CacheGroup<RoleIndex>): Authorizer {
  return {
    expects(attributes) {
      const { current, known } = roles;
      // What is current says it as fast.
      return current === undefined && known !== undefined && decide(known, attributes).decision === "allow";
    },
    async authorize(attributes) {
      const index = roles.current ?? (await roles.filled());
      const decision = decide(index, attributes);
      if (decision.decision === "allow") return decision;
      await roles.caughtUp();
      return decide(index, attributes);
    },
  };
}
