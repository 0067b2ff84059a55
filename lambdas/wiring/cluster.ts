/**
 * The clusters of a deployment as a function sees them: the store and the API core of each, made at its first use and
 * kept for the next invocation. Nothing of it runs between invocations.
 */
import { type Clock, type Random, systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import type { UserInfo } from "../../lib/apimachinery/http.ts";
import { type ClusterServer, createClusterServer } from "../../lib/apiserver/cluster-server.ts";
import { defaultIssuer } from "../../lib/apiserver/identity.ts";
import { type OpenDynamoStoreOptions, openDynamoStore } from "../../lib/aws/dynamodb/open.ts";
import type { DynamoStore } from "../../lib/aws/dynamodb/store.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import type { RestClient } from "../../lib/client/rest.ts";
import { cloudConnectors } from "./connectors.ts";
import type { Environment } from "./environment.ts";
import { clusterIdentity } from "./identity.ts";
import { logError } from "./log.ts";

/** One cluster. */
export interface CloudCluster {
  readonly name: string;
  readonly api: ClusterServer;
  /** All clusters share it: a collection names its cluster. */
  readonly store: DynamoStore;
  readonly clock: Clock;
  readonly random: Random;
  /** A client that calls the API core in this process as that user, who needs no credentials. */
  client(user: UserInfo, userAgent?: string): RestClient;
}

/** The clusters. */
export interface Clusters {
  readonly names: readonly string[];
  /**
   * The cluster, with a fresh one's objects in it. Throws UnknownCluster where it is not served, ClusterNotReady where
   * nobody has written these objects in time, StoreUnavailable; what failed is tried again by the next call.
   */
  get(name: string): Promise<CloudCluster>;
  /** Ends watches and connections. */
  close(): Promise<void>;
}

/** No cluster of that name is served. */
export class UnknownCluster extends Error {
  override name = "UnknownCluster";
}

/** A fresh cluster's objects are not there yet. */
export class ClusterNotReady extends Error {
  override name = "ClusterNotReady";
}

/**
 * What is done where a cluster is fresh. `write`: its objects are made. `await`: another function does that, λ api at
 * its first request or λ tick within a minute; here they are waited for, and what can't wait longer is delivered again.
 */
export type FreshClusters = "write" | "await";

/** How clusters are opened, and what tests put in the place of the machine's. */
export interface ClusterParts {
  /** @default write */
  readonly fresh?: FreshClusters;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How the table is reached, and the driver's times. @default the SDK's own settings */
  readonly store?: Omit<OpenDynamoStoreOptions, "table" | "clock" | "random">;
  /** How often a quiet watch gets a bookmark. @default as the environment says */
  readonly bookmarkMs?: number;
}

type TimedParts = ClusterParts & { readonly clock: Clock; readonly random: Random };

/** Addresses and ports of Services, the same in every cluster: they mean something only on its own nodes. */
const config = { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767] as const };

/** The gateway ends a stream after a quarter of an hour; a watch ends before, cleanly. */
const maxWatchMs = 14 * 60_000;

/** How long a fresh cluster is waited for, less than any function has; and how often it is looked for (ms). */
const freshWaitMs = 8_000;
const freshPollMs = 200;

/** The gateway listens here, and has no address that could be written down as an endpoint. */
const gateway = { port: 443 } as const;

/** Makes the clusters of a deployment; nothing is read before the first `get`. */
export function openClusters(environment: Environment, parts: ClusterParts = {}): Clusters {
  const { clock = systemClock, random = systemRandom } = parts;
  const names = environment.clusters;
  let store: Promise<DynamoStore> | undefined;
  const openStore = () => {
    store ??= openDynamoStore({ table: environment.tableName, clock, random, ...parts.store });
    return store;
  };
  const opened = new Map<string, Promise<CloudCluster>>();
  return {
    names,
    get(name) {
      if (!names.includes(name))
        return Promise.reject(new UnknownCluster(`cluster ${JSON.stringify(name)} is not served`));
      const known = opened.get(name);
      if (known) return known;
      const opening = openStore().then((open) => openCluster(name, open, environment, { ...parts, clock, random }));
      opened.set(name, opening);
      opening.catch(() => opened.delete(name));
      return opening;
    },
    async close() {
      const all = await Promise.allSettled(opened.values());
      for (const one of all) if (one.status === "fulfilled") one.value.api.close();
      await (await store)?.close();
    },
  };
}

/** Writes what a fresh cluster has and completes what one of an older release lacks: for `tick`, after a deployment. */
export async function reconcileBootstrap({ api }: CloudCluster): Promise<void> {
  await api.bootstrap(gateway);
}

/** The URL of a cluster. */
export function clusterUrl({ apiUrl }: Pick<Environment, "apiUrl">, name: string): string {
  return name === "default" ? apiUrl : `${apiUrl}/clusters/${name}`;
}

async function openCluster(
  name: string,
  store: DynamoStore,
  environment: Environment,
  { fresh = "write", ...parts }: TimedParts,
): Promise<CloudCluster> {
  const cluster = createCluster(name, store, environment, parts);
  if (fresh === "await") await untilBootstrapped(cluster);
  else if (!(await cluster.api.isBootstrapped())) await reconcileBootstrap(cluster);
  return cluster;
}

/** The cluster as the store has it: nothing is read or written yet. Throws BadEnvironment. */
export function createCluster(
  name: string,
  store: DynamoStore,
  environment: Environment,
  { clock, random, bookmarkMs }: Omit<TimedParts, "fresh" | "store">,
): CloudCluster {
  const serverUrl = clusterUrl(environment, name);
  const api = createClusterServer({
    cluster: name,
    store,
    clock,
    random,
    config,
    serverUrl,
    // A token of one cluster is none of another: both have the same key.
    issuer: serverUrl,
    audiences: [defaultIssuer],
    ...clusterIdentity(environment, { cluster: name, serverUrl, store, clock }),
    caches: "on use",
    connectors: cloudConnectors,
    maxWatchMs: environment.watchMode === "stream" ? maxWatchMs : environment.bufferedWatchMs,
    bookmarkMs: bookmarkMs ?? environment.bookmarkMs,
    logError,
  });
  return {
    name,
    api,
    store,
    clock,
    random,
    client: (user, userAgent) => createInProcessClient(api.handle, user, { clock, userAgent }),
  };
}

async function untilBootstrapped({ name, api, clock }: CloudCluster): Promise<void> {
  const end = clock.now() + freshWaitMs;
  while (!(await api.isBootstrapped())) {
    if (clock.now() >= end) throw new ClusterNotReady(`cluster ${name} is fresh, and its objects are not written yet`);
    await clock.sleep(freshPollMs);
  }
}
