/** API server, controllers and scheduler in one process over one store. */
import { type Clock, type Random, systemClock, systemRandom } from "../apimachinery/clock.ts";
import type { AdmissionPlugin } from "../apiserver/admission/plugin.ts";
import { requestAuthenticator } from "../apiserver/authentication/index.ts";
import { privilegedAuthorizer, unionAuthorizers } from "../apiserver/authorization/index.ts";
import { rbacAuthorizer } from "../apiserver/authorization/rbac/rbac-authorizer.ts";
import { startRoleCache } from "../apiserver/authorization/rbac/role-cache.ts";
import { ensureBootstrapObjects } from "../apiserver/bootstrap/reconcile.ts";
import { discoveryRoute } from "../apiserver/discovery-route.ts";
import { healthRoute, versionRoute } from "../apiserver/routes.ts";
import { type ApiServer, createApiServer } from "../apiserver/server.ts";
import { createInProcessClient } from "../client/in-process.ts";
import { createInformers } from "../client/shared-informers.ts";
import type { ControllerEntry } from "../controllers/controller.ts";
import { controllers as allControllers, schedulerName } from "../controllers/index.ts";
import { strategies } from "../registry/index.ts";
import type { ClusterConfig } from "../registry/strategy.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { Store } from "../storage/interface.ts";
import { runControllers } from "./controllers.ts";
import { controllerManagerUser, controllerUser } from "./identities.ts";
import { createObjectGraph } from "./object-graph.ts";
import { versionInfo } from "./version.ts";

/** What a control plane runs with. */
export interface ControlPlaneOptions {
  readonly cluster: string;
  readonly store: Store;
  readonly config: ClusterConfig;
  /** The cluster's CA in PEM. */
  readonly rootCertificate: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log: (line: string) => void;
}

/** An API server, ready for requests. */
export interface ControlPlane {
  readonly api: ApiServer;
  /** Writes what a fresh cluster has; `address` and `port` are where pods find the API. */
  bootstrap(address: string, port: number): Promise<void>;
  /** Starts those controllers (the scheduler among them). */
  startControllers(names: ReadonlySet<string>): void;
  /** Ends controllers and watches. The store is the caller's. */
  close(): Promise<void>;
}

const admission: readonly AdmissionPlugin[] = [];

const scheduler: ControllerEntry = {
  name: schedulerName,
  component: "default-scheduler",
  workers: 1,
  create: (context) => new Scheduler(context),
};

/** All names for --controllers. */
export const controllerNames: readonly string[] = [...allControllers.map(({ name }) => name), schedulerName];

/** Makes the API server; requests may be sent when it resolves. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { cluster, store, config, log, clock = systemClock, random = systemRandom } = options;
  const closing = new AbortController();
  const roles = await startRoleCache(store, cluster, clock, closing.signal);
  const api = createApiServer({
    cluster,
    store,
    strategies,
    authenticator: requestAuthenticator({ tokens: [] }),
    authorizer: unionAuthorizers([privilegedAuthorizer, rbacAuthorizer(roles)]),
    admission,
    config,
    routes: [healthRoute({ ping: () => undefined }), versionRoute(versionInfo), discoveryRoute()],
    clock,
    random,
    logError: (error, request) => log(`${request}: ${error instanceof Error ? error.stack : error}`),
  });
  let stopControllers = async () => {};
  return {
    api,
    bootstrap: (address, port) => ensureBootstrapObjects(api.context, { address, port }),
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
  api: ApiServer,
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
