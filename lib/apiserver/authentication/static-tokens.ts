/** A fixed table of tokens (upstream: apiserver/pkg/authentication/token/tokenfile). */
import { createHash } from "node:crypto";
import type { UserInfo } from "../../apimachinery/http.ts";
import type { TokenAuthenticator } from "./token.ts";

const digest = (token: string) => createHash("sha256").update(token).digest("base64");

/**
 * Users by token, good for the API server's own audiences. Tokens are compared by their hashes, so that the time tells
 * nothing of them.
 */
export function staticTokens(
  table: Readonly<Record<string, UserInfo>>,
  serverAudiences: readonly string[],
): TokenAuthenticator {
  const users = new Map(Object.entries(table).map(([token, user]) => [digest(token), user]));
  return {
    async authenticateToken(token, audiences) {
      const wanted = audiences.length === 0 ? serverAudiences : audiences;
      const good = wanted.filter((audience) => serverAudiences.includes(audience));
      const user = good.length === 0 ? undefined : users.get(digest(token));
      return user && { user, audiences: good };
    },
  };
}
