/** The local composition in virtual time: one process, SQLite, nodes that watch. The cloud must come to the same. */
import { SimulatedNode } from "../../agent/simulated/node.ts";
import type { Clock } from "../../lib/apimachinery/clock.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import type { Informers } from "../../lib/client/informer.ts";
import type { Client } from "../../lib/client/interface.ts";
import { createInformers } from "../../lib/client/shared-informers.ts";
import { controllerNames, createControlPlane } from "../../lib/local/control-plane.ts";
import { renewLease } from "../../lib/nodes/lease.ts";
import type { Lease } from "../../lib/openapi/types/coordination-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";
import { openSqliteStore } from "../../lib/storage/sqlite/store.ts";
import { type EndState, readEndState } from "./pipeline-check.ts";
import { clusterConfig, clusterName, keys } from "./pipeline-lambdas.ts";
import { capacity } from "./pipeline-nodes.ts";
import { perform, type Scenario } from "./pipeline-scenario.ts";
import { processClock, World } from "./store-world.ts";

/** The store commits and tells its watchers in later turns of the event loop: a few for each request. */
const turns = 20;
/** So long after the last step everything must have come to its end (ms). */
const restMs = 240_000;

/** What the local composition makes of a scenario. */
export async function localEndState(seed: number, scenario: Scenario): Promise<EndState> {
  const world = new World(seed, turns);
  let isAlive = true;
  const clock = processClock(world, () => isAlive);
  const { random } = world;
  const store = await openSqliteStore({ file: ":memory:", durable: false, clock });
  const plane = createControlPlane({
    cluster: clusterName,
    store,
    config: clusterConfig,
    rootCertificate: "CERTIFICATE",
    keys,
    serverUrl: "https://192.0.2.2:6443",
    clock,
    random,
    log: () => {},
  });
  const user = { username: "admin", groups: ["system:masters", "system:authenticated"] };
  const client = createInProcessClient(plane.api.handle, user, { clock });
  const nodes = new Map<string, LocalNode>();
  let state: EndState | undefined;
  const run = async () => {
    await plane.api.bootstrap({ address: "192.0.2.2", port: 6443 });
    plane.startControllers(new Set(controllerNames));
    const informers = createInformers({ client, clock, random });
    for (const [index, name] of scenario.nodes.entries()) {
      nodes.set(name, new LocalNode({ client, informers, clock, name, index }));
    }
    for (const node of nodes.values()) await node.start();
    await perform(world, scenario, client, async (name, event) => {
      // One that is silent only for a while changes nothing in the end.
      if (event === "kill") nodes.get(name)?.stop();
    });
    await world.sleep(restMs);
    state = await readEndState(client);
    for (const node of nodes.values()) node.stop();
    await informers.stop();
    await plane.close();
  };
  let failure: unknown;
  let isOver = false;
  run()
    .catch((error) => {
      failure = error;
    })
    .finally(() => {
      isOver = true;
    });
  await world.runUntil(() => isOver, 3_600_000);
  await store.close();
  isAlive = false;
  if (state === undefined) throw failure;
  return state;
}

/** A node that watches its pods and renews its Lease, as one of `coracle up --simulated-nodes`. */
class LocalNode {
  readonly #options: { client: Client; informers: Informers; clock: Clock; name: string; index: number };
  readonly #node: SimulatedNode;
  readonly #stopping = new AbortController();

  constructor(options: { client: Client; informers: Informers; clock: Clock; name: string; index: number }) {
    this.#options = options;
    this.#node = new SimulatedNode({ ...options, capacity, startDelayMs: 500, onError: () => {} });
  }

  async start(): Promise<void> {
    const { informers, name } = this.#options;
    await this.#node.register();
    informers.get(pods).onChange(({ object, old }) => {
      if ((object ?? old)?.spec.nodeName !== name || this.#stopping.signal.aborted) return;
      if (object !== undefined) this.#node.podChanged(object);
      else if (old !== undefined) this.#node.podGone(old.metadata.uid);
    });
    void this.#renew();
  }

  stop(): void {
    this.#stopping.abort();
    this.#node.stop();
  }

  async #renew(): Promise<void> {
    const { client, clock, name } = this.#options;
    const { signal } = this.#stopping;
    let held: Lease | undefined;
    while (!signal.aborted) {
      const lease = { client, clock, nodeName: name, nodeUid: () => this.#node.uid };
      held = await renewLease(lease, held).catch(() => undefined);
      await clock.sleep(10_000, signal);
    }
  }
}
