/** The API server of one cluster with everything that belongs to it: what compositions (local, Lambda, tests) build. */
import type { Clock, Random } from "../apimachinery/clock.ts";
import type { UserInfo } from "../apimachinery/http.ts";
import { builtinGroups, type DiscoveryGroup } from "../openapi/discovery.ts";
import { strategies } from "../registry/index.ts";
import type { ClusterConfig } from "../registry/strategy.ts";
import type { Store } from "../storage/interface.ts";
import { admissionPlugins } from "./admission/index.ts";
import type { Signer } from "./authentication/signer.ts";
import type { TokenAuthenticator } from "./authentication/token.ts";
import type { CacheMode } from "./authorization/collection-cache.ts";
import type { ServerPlace } from "./bootstrap/objects.ts";
import { ensureBootstrapObjects, isBootstrapped } from "./bootstrap/reconcile.ts";
import { discoveryRoute } from "./discovery-route.ts";
import type { Connector } from "./dispatch.ts";
import { createIdentity } from "./identity.ts";
import { metricsRoute, RequestMetrics } from "./metrics.ts";
import { openapiRoute } from "./openapi-route.ts";
import { healthRoute, versionRoute } from "./routes.ts";
import { type ApiServer, createApiServer } from "./server.ts";
import { versionInfo } from "./version.ts";

/** What a cluster's server is made of. */
export interface ClusterServerOptions {
  readonly cluster: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly config: ClusterConfig;
  /** Sign and check ServiceAccount tokens; the first signs. */
  readonly keys: readonly Signer[];
  /** Where clients find the server: `https://192.0.2.2:6443`. */
  readonly serverUrl: string;
  /** Who signs service accounts' tokens, and whom they are for. @default https://kubernetes.default.svc, as upstream */
  readonly issuer?: string;
  readonly audiences?: readonly string[];
  readonly staticTokens?: Readonly<Record<string, UserInfo>>;
  /** Bearer tokens of other kinds, asked after the server's own (IAM's, say). */
  readonly moreTokens?: readonly TokenAuthenticator[];
  /** How authorizers keep up with what is written. @default "watch" */
  readonly caches?: CacheMode;
  /** Groups served beside the built-in ones: `accessGroup`, in AWS. */
  readonly moreGroups?: readonly DiscoveryGroup[];
  readonly connectors?: Readonly<Record<string, Connector>>;
  readonly maxWatchMs?: number;
  readonly bookmarkMs?: number;
  readonly logError: (error: unknown, request: string) => void;
}

/** A cluster's server. */
export interface ClusterServer extends ApiServer {
  /** Writes what a fresh cluster has and completes what an older one lacks. */
  bootstrap(place: ServerPlace): Promise<void>;
  /** Whether a bootstrap has once come to its end: one read. */
  isBootstrapped(): Promise<boolean>;
}

/** Makes the server. */
export function createClusterServer(options: ClusterServerOptions): ClusterServer {
  const { cluster, store, clock, random, config, connectors, moreGroups, maxWatchMs, bookmarkMs, logError } = options;
  const closing = new AbortController();
  const groups = servedGroups(moreGroups);
  const metrics = new RequestMetrics();
  const identity = createIdentity({
    cluster,
    store,
    clock,
    random,
    signal: closing.signal,
    objects: () => server.objects,
    keys: options.keys,
    serverUrl: options.serverUrl,
    issuer: options.issuer,
    audiences: options.audiences,
    staticTokens: options.staticTokens,
    moreTokens: options.moreTokens,
    caches: options.caches,
  });
  const server: ApiServer = createApiServer({
    cluster,
    store,
    strategies,
    authenticator: identity.authenticator,
    authorizer: identity.authorizer,
    impersonation: identity.impersonation,
    strategyExtras: identity.strategyExtras,
    metrics,
    admission: admissionPlugins,
    config,
    moreGroups,
    routes: [
      healthRoute({ ping: () => undefined, etcd: () => storeProblem(store, cluster) }),
      versionRoute(versionInfo),
      metricsRoute(metrics),
      discoveryRoute({ groups }),
      openapiRoute(groups),
      identity.route,
    ],
    connectors,
    clock,
    random,
    maxWatchMs,
    bookmarkMs,
    logError,
  });
  return {
    ...server,
    bootstrap: (place) => ensureBootstrapObjects(server.context, place),
    isBootstrapped: () => isBootstrapped(server.context),
    close() {
      closing.abort();
      server.close();
    },
  };
}

/** The groups that discovery tells of: the same array each time. */
function servedGroups(more: readonly DiscoveryGroup[] = []): () => readonly DiscoveryGroup[] {
  if (more.length === 0) return builtinGroups;
  let all: readonly DiscoveryGroup[] | undefined;
  return () => {
    all ??= [...builtinGroups(), ...more];
    return all;
  };
}

/** What is wrong with the store; undefined where it answers. */
async function storeProblem(store: Store, cluster: string): Promise<string | undefined> {
  try {
    await store.revision({ cluster, group: "", resource: "namespaces" });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
