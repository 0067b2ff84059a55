/** Everything about who asks and what they may, as one part that compositions put into a server. */
import type { Clock, Random } from "../apimachinery/clock.ts";
import type { UserInfo } from "../apimachinery/http.ts";
import type { Objects, StrategyContext } from "../registry/strategy.ts";
import type { Store } from "../storage/interface.ts";
import type { Authenticator } from "./authentication/authenticator.ts";
import { impersonation } from "./authentication/impersonation/index.ts";
import { requestAuthenticator } from "./authentication/index.ts";
import { oidcDiscoveryRoute } from "./authentication/oidc-discovery.ts";
import { ServiceAccountTokens } from "./authentication/service-account-tokens.ts";
import type { Signer } from "./authentication/signer.ts";
import { staticTokens } from "./authentication/static-tokens.ts";
import { type TokenAuthenticator, unionTokens } from "./authentication/token.ts";
import { tokenSigner } from "./authentication/token-signer.ts";
import { serverAccess } from "./authorization/access.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import type { CacheMode } from "./authorization/collection-cache.ts";
import { privilegedAuthorizer, unionAuthorizers } from "./authorization/index.ts";
import { graphCache } from "./authorization/node/graph-cache.ts";
import { nodeAuthorizer } from "./authorization/node/node-authorizer.ts";
import { rbacAuthorizer } from "./authorization/rbac/rbac-authorizer.ts";
import { roleCache } from "./authorization/rbac/role-cache.ts";
import { systemNodeRules } from "./bootstrap/objects.ts";
import type { Route } from "./routes.ts";
import type { Impersonation } from "./server.ts";

/** Who signs and what it is for where nobody says, as upstream's clusters have it. */
export const defaultIssuer = "https://kubernetes.default.svc";

/** What identity is made of. */
export interface IdentityOptions {
  readonly cluster: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the caches. */
  readonly signal: AbortSignal;
  /** The server's objects; asked late, as the server is made with this. */
  readonly objects: () => Objects;
  /** The first one signs. */
  readonly keys: readonly Signer[];
  /** The URL under which verifiers of tokens reach the server: `https://10.0.0.5:6443`. */
  readonly serverUrl: string;
  /** @default https://kubernetes.default.svc */
  readonly issuer?: string;
  /** @default the issuer */
  readonly audiences?: readonly string[];
  readonly staticTokens?: Readonly<Record<string, UserInfo>>;
  /** Asked after those above (IAM, say). */
  readonly moreTokens?: readonly TokenAuthenticator[];
  /** @default "watch" */
  readonly caches?: CacheMode;
  /** See ServiceAccountTokenOptions. */
  readonly trustMs?: number;
}

/** What a server takes of it. */
export interface Identity {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly impersonation: Impersonation;
  /** Anyone may verify tokens: the keys under their paths. */
  readonly route: Route;
  readonly strategyExtras: () => Partial<StrategyContext>;
}

/** Makes it. Nothing is read before the first question. */
export function createIdentity(options: IdentityOptions): Identity {
  const { cluster, store, clock, random, signal, keys, serverUrl, trustMs, issuer = defaultIssuer } = options;
  const feed = { store, clock, signal, mode: options.caches ?? "watch" };
  const audiences = options.audiences ?? [issuer];
  const tokens = unionTokens([
    ...(options.staticTokens ? [staticTokens(options.staticTokens, audiences)] : []),
    new ServiceAccountTokens({
      issuer,
      audiences,
      keys,
      clock,
      trustMs,
      get: (resource, namespace, name) => options.objects().get(resource, namespace, name),
    }),
    ...(options.moreTokens ?? []),
  ]);
  const roles = roleCache(cluster, feed);
  const authorizer = unionAuthorizers([
    privilegedAuthorizer,
    nodeAuthorizer(graphCache(cluster, feed), systemNodeRules),
    rbacAuthorizer(roles),
  ]);
  const extras: Partial<StrategyContext> = {
    tokens: tokenSigner(keys[0], issuer, audiences, random),
    access: serverAccess(authorizer, roles, tokens, audiences),
  };
  return {
    authenticator: requestAuthenticator({ tokens: [tokens] }),
    authorizer,
    impersonation: impersonation(authorizer),
    route: oidcDiscoveryRoute(issuer, serverUrl, keys),
    strategyExtras: () => extras,
  };
}
