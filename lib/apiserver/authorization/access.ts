/** What strategies may ask about rights: the server's authorizers, the roles in memory, the tokens. */
import type { Access } from "../../registry/strategy.ts";
import { withAuthenticatedGroup } from "../authentication/groups.ts";
import type { TokenAuthenticator } from "../authentication/token.ts";
import type { Authorizer } from "./authorizer.ts";
import type { CacheGroup } from "./collection-cache.ts";
import { nodeIdentity } from "./node/identity.ts";
import type { RoleIndex } from "./rbac/role-index.ts";

const invalidToken = "invalid bearer token";

/** `audiences` are the server's own: what a token is for where nobody says. */
export function serverAccess(
  authorizer: Authorizer,
  roles: CacheGroup<RoleIndex>,
  tokens: TokenAuthenticator,
  audiences: readonly string[],
): Access {
  const currentRoles = async () => {
    const index = await roles.filled();
    await roles.caughtUp();
    return index;
  };
  return {
    authorize: (attributes) => authorizer.authorize(attributes),
    async rulesFor(user, namespace) {
      const index = await currentRoles();
      const { grants, errors } = index.grantsFor(user, namespace);
      const isNode = nodeIdentity(user) !== undefined;
      const problems = [...(isNode ? ["node authorizer does not support user rule resolution"] : []), ...errors];
      const error = problems.length > 1 ? `[${problems.join(", ")}]` : problems[0];
      return { rules: grants.flatMap(({ rules }) => rules), incomplete: isNode, error };
    },
    async rulesOf(roleRef, namespace) {
      return (await currentRoles()).rulesOf(roleRef, namespace);
    },
    async authenticateToken(token, wanted) {
      const asked = wanted.length === 0 ? audiences : wanted;
      const identity = await tokens.authenticateToken(token, asked).catch((error) => {
        throw new Error(`[${invalidToken}, ${error instanceof Error ? error.message : String(error)}]`);
      });
      if (!identity) throw new Error(invalidToken);
      return { ...identity, user: withAuthenticatedGroup(identity.user) };
    },
  };
}
