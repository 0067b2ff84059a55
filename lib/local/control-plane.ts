/** API server, controllers and scheduler in one process over one store. */
import { type Clock, type Random, systemClock, systemRandom } from "../apimachinery/clock.ts";
import { controllerManagerUser, controllerUser } from "../apiserver/authentication/control-plane-users.ts";
import type { Signer } from "../apiserver/authentication/signer.ts";
import { type ClusterServer, createClusterServer } from "../apiserver/cluster-server.ts";
import type { Connector } from "../apiserver/dispatch.ts";
import { createInProcessClient } from "../client/in-process.ts";
import { createInformers } from "../client/shared-informers.ts";
import type { ControllerEntry } from "../controllers/controller.ts";
import { controllers as allControllers, schedulerName } from "../controllers/index.ts";
import type { ClusterConfig } from "../registry/strategy.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { Store } from "../storage/interface.ts";
import { runControllers } from "./controllers.ts";
import { createObjectGraph } from "./object-graph.ts";

/** What a control plane runs with. */
export interface ControlPlaneOptions {
  readonly cluster: string;
  readonly store: Store;
  readonly config: ClusterConfig;
  /** The cluster's CA in PEM. */
  readonly rootCertificate: string;
  readonly keys: readonly Signer[];
  readonly serverUrl: string;
  readonly connectors?: Readonly<Record<string, Connector>>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log: (line: string) => void;
}

/** A control plane: the API server, ready for requests, and controllers. */
export interface ControlPlane {
  readonly api: ClusterServer;
  /** Starts those controllers (the scheduler among them). */
  startControllers(names: ReadonlySet<string>): void;
  /** Ends controllers and watches. The store is the caller's. */
  close(): Promise<void>;
}

const scheduler: ControllerEntry = {
  name: schedulerName,
  component: "default-scheduler",
  workers: 1,
  create: (context) => new Scheduler(context),
};

/** All names for --controllers. */
export const controllerNames: readonly string[] = [...allControllers.map(({ name }) => name), schedulerName];

/** Makes a control plane; its controllers do not run yet. */
export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { cluster, store, config, keys, serverUrl, connectors, log } = options;
  const { clock = systemClock, random = systemRandom } = options;
  const closing = new AbortController();
  const api = createClusterServer({
    cluster,
    store,
    clock,
    random,
    config,
    keys,
    serverUrl,
    connectors,
    logError: (error, request) => log(`${request}: ${error instanceof Error ? error.stack : error}`),
  });
  let stopControllers = async () => {};
  return {
    api,
    startControllers(names) {
      stopControllers = start(api, options, names, clock, random, closing.signal);
    },
    async close() {
      await stopControllers();
      closing.abort();
      api.close();
    },
  };
}

/** Starts the chosen controllers and gives what ends them. */
function start(
  api: ClusterServer,
  { rootCertificate, log }: ControlPlaneOptions,
  names: ReadonlySet<string>,
  clock: Clock,
  random: Random,
  signal: AbortSignal,
): () => Promise<void> {
  const chosen = [...allControllers, scheduler].filter(({ name }) => names.has(name));
  if (chosen.length === 0) return async () => {};
  const manager = createInProcessClient(api.handle, controllerManagerUser, { clock });
  const onError = (error: unknown) => {
    if (!signal.aborted) log(`an informer cannot be read, it is tried again: ${(error as Error).message}`);
  };
  const informers = createInformers({ client: manager, clock, random, onError });
  const graph = createObjectGraph({ client: manager, informers, clock, signal, onError });
  const running = runControllers({
    client: (name) => createInProcessClient(api.handle, controllerUser(name), { clock, userAgent: name }),
    informers,
    graph,
    clock,
    random,
    controllers: chosen,
    rootCertificate,
    onError: (name, key, error) => log(`${name} ${key}: ${(error as Error).message}`),
  });
  return async () => {
    await running.stop();
    await informers.stop();
  };
}
