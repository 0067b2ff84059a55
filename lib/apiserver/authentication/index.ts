/** Who sends a request: the only list of authenticators, in upstream's order. */
import { newUnauthorized } from "../../apimachinery/errors.ts";
import type { UserInfo } from "../../apimachinery/http.ts";
import type { Authenticator } from "./authenticator.ts";
import { allUnauthenticated, anonymousUser, withAuthenticatedGroup } from "./groups.ts";
import { bearerTokenAuthenticator, type TokenAuthenticator, unionTokens } from "./token.ts";
import { x509Authenticator } from "./x509.ts";

const anonymous: UserInfo = { username: anonymousUser, groups: [allUnauthenticated] };

/** What a server authenticates by. */
export interface AuthenticationOptions {
  /** Asked one after the other. */
  readonly tokens: readonly TokenAuthenticator[];
  /** Whether who shows nothing is let in as system:anonymous; absent: yes. */
  readonly anonymous?: boolean;
}

/** Joins authenticators: the first that knows the request wins. Throws 401 where none does and one has objected. */
export function unionAuthenticators(authenticators: readonly Authenticator[]): Authenticator {
  return {
    async authenticate(request) {
      let failure: unknown;
      for (const authenticator of authenticators) {
        try {
          const user = await authenticator.authenticate(request);
          if (user) return user;
        } catch (error) {
          failure ??= error;
        }
      }
      if (failure !== undefined) throw failure;
      return undefined;
    },
  };
}

/**
 * The whole chain: a caller in the same process, a client certificate, a bearer token, nobody.
 * Throws 401 for a wrong credential, and for none where anonymous requests are off.
 */
export function requestAuthenticator(options: AuthenticationOptions): Authenticator {
  const chain = unionAuthenticators([x509Authenticator, bearerTokenAuthenticator(unionTokens(options.tokens))]);
  return {
    async authenticate(request) {
      const user = request.user ?? (await chain.authenticate(request));
      if (user) return withAuthenticatedGroup(user);
      if (options.anonymous === false) throw newUnauthorized();
      return anonymous;
    },
  };
}
