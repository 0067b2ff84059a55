/** Bearer tokens (upstream: apiserver/pkg/authentication/authenticator and request/bearertoken). */
import { newTooManyRequests, newUnauthorized } from "../../apimachinery/errors.ts";
import type { UserInfo } from "../../apimachinery/http.ts";
import type { Authenticator } from "./authenticator.ts";

/** Whom a token is for. `audiences`: those of the wanted ones that it is good for, where it has any. */
export interface TokenIdentity {
  readonly user: UserInfo;
  readonly audiences?: readonly string[];
}

/** What would tell whom a token is for cannot be asked now: the caller should try again, with the same token. */
export class AuthenticationUnavailable extends Error {
  override name = "AuthenticationUnavailable";
}

/** Tells whom a token is for. */
export interface TokenAuthenticator {
  /**
   * Undefined: not a token of mine. Throws where it is one, but not good (expired, bound to what is gone, for other
   * audiences); the message is for TokenReview's status.error. Throws AuthenticationUnavailable too. `audiences` is
   * empty where the API server itself is meant.
   */
  authenticateToken(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined>;
}

/**
 * Asks one after the other; the first that knows the token wins. Throws where none does and one has objected or could
 * not be asked.
 */
export function unionTokens(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      const problems: string[] = [];
      let unavailable: AuthenticationUnavailable | undefined;
      for (const authenticator of authenticators) {
        try {
          const identity = await authenticator.authenticateToken(token, audiences);
          if (identity) return identity;
        } catch (error) {
          if (error instanceof AuthenticationUnavailable) unavailable ??= error;
          problems.push(error instanceof Error ? error.message : String(error));
        }
      }
      if (unavailable) throw unavailable;
      if (problems.length === 0) return undefined;
      throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`);
    },
  };
}

const retryAfterSeconds = 1;
const protocolPrefix = "base64url.bearer.authorization.k8s.io.";

/** The token of an Authorization header; "" where there is none. */
function bearerToken(header: string | undefined): string {
  if (!header) return "";
  const [scheme, token = ""] = header.trim().split(" ");
  return scheme.toLowerCase() === "bearer" ? token : "";
}

/** The token that a browser hands over as a WebSocket subprotocol. */
function protocolToken(header: string | undefined): string {
  if (!header) return "";
  const protocols = header.split(",").map((protocol) => protocol.trim());
  const found = protocols.find((protocol) => protocol.startsWith(protocolPrefix));
  return found ? Buffer.from(found.slice(protocolPrefix.length), "base64url").toString("utf8") : "";
}

/**
 * Looks into Authorization, then into Sec-WebSocket-Protocol. A token that nobody knows is a 401; where that can't be
 * told now, 429, which clients repeat.
 */
export function bearerTokenAuthenticator(tokens: TokenAuthenticator): Authenticator {
  return {
    async authenticate(request) {
      const token =
        bearerToken(request.header("authorization")) || protocolToken(request.header("sec-websocket-protocol"));
      if (token === "") return undefined;
      const identity = await tokens.authenticateToken(token, []).catch((error) => {
        if (error instanceof AuthenticationUnavailable) throw newTooManyRequests(error.message, retryAfterSeconds);
        return undefined;
      });
      if (!identity) throw newUnauthorized();
      return identity.user;
    },
  };
}
