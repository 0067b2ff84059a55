/** A fixed table of tokens (upstream: apiserver/pkg/authentication/token/tokenfile). */
import { createHash } from "node:crypto";
import type { UserInfo } from "../../apimachinery/http.ts";
import type { TokenAuthenticator } from "./token.ts";

const digest = (token: string) => createHash("sha256").update(token).digest("base64");

/** Users by token. Tokens are compared by their hashes, so that the time tells nothing of them. */
export function staticTokens(table: Readonly<Record<string, UserInfo>>): TokenAuthenticator {
  const users = new Map(Object.entries(table).map(([token, user]) => [digest(token), user]));
  return {
    async authenticateToken(token) {
      const user = users.get(digest(token));
      return user && { user };
    },
  };
}
