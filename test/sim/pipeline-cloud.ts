/** A cluster in the simulated cloud: functions, queues, the table and its stream, nodes that report through queues. */
import type { Handler as ApiHandler, ServerRequest, ServerResponse } from "../../lib/apimachinery/http.ts";
import type { BatchResponse, SqsEvent } from "../../lib/aws/sqs/event.ts";
import type { StreamEvent } from "../../lib/aws/stream/log-records.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { PodStatus } from "../../lib/openapi/types/core-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";
import { calm, type PipelineFaults } from "./pipeline-faults.ts";
import { SimulatedInboxes } from "./pipeline-inboxes.ts";
import { Environment, type FunctionOptions, SimulatedFunction } from "./pipeline-lambda.ts";
import {
  apiFunction,
  clusterName,
  type Defects,
  dispatchFunction,
  openCluster,
  reportsFunction,
  type Services,
  tickFunction,
  workerFunction,
} from "./pipeline-lambdas.ts";
import { SimulatedAgent, type SimulatedAgentOptions } from "./pipeline-nodes.ts";
import { SimulatedQueue } from "./pipeline-queues.ts";
import { SimulatedStream } from "./pipeline-stream.ts";
import { SimulatedTable } from "./store-table.ts";
import { World } from "./store-world.ts";

/** What a cloud is made with. */
export interface CloudOptions {
  readonly world: World;
  readonly faults: PipelineFaults;
  readonly defects: Defects;
  /** Whether the ticks look for what the stream has not told. */
  readonly hasResync: boolean;
  /** Nodes are of the first. @default one */
  readonly clusters?: readonly string[];
  /** Of the stream. @default as chance says */
  readonly shards?: number;
}

const pageItems = 100;
const minuteMs = 60_000;

/** As the CDK app sets them (lib/cdk/queues.ts). */
const attempts = 5;
const timeouts = {
  api: 60_000,
  dispatch: 30_000,
  controllers: 60_000,
  scheduler: 15_000,
  reports: 30_000,
  tick: 50_000,
};

/** The cloud. */
export class SimulatedCloud {
  readonly world: World;
  readonly table: SimulatedTable;
  readonly stream: SimulatedStream;
  readonly queues: ReadonlyMap<string, SimulatedQueue>;
  readonly agents: SimulatedAgent[] = [];
  readonly functions: readonly SimulatedFunction<never, unknown>[];
  /** As the administrator, through λ api. */
  readonly client: Client;
  /** As the administrator, past everything that fails. */
  readonly observer: Client;
  readonly #inboxes: SimulatedInboxes;
  readonly #apis: ReadonlyMap<string, SimulatedFunction<ServerRequest, ServerResponse>>;
  readonly #tick: SimulatedFunction<undefined, void>;
  readonly #faults: PipelineFaults;

  constructor(options: CloudOptions, fresh: SimulatedTable) {
    const { world, faults, defects, hasResync, clusters = [clusterName] } = options;
    this.world = world;
    this.#faults = faults;
    this.table = new SimulatedTable(world, pageItems);
    this.table.copyFrom(fresh);
    this.#inboxes = new SimulatedInboxes(world, faults);
    const queues = new Map<string, SimulatedQueue>();
    const services: Services = { queues, inboxes: this.#inboxes, defects, faults, clusters };
    const make = <E, R>(name: keyof typeof timeouts, open: FunctionOptions<E, R>["open"]) =>
      new SimulatedFunction<E, R>({ name, world, table: this.table, faults, timeoutMs: timeouts[name], open });
    this.#apis = new Map(clusters.map((name) => [name, make("api", apiFunction(name))]));
    const dispatch = make<StreamEvent | SqsEvent, BatchResponse>("dispatch", dispatchFunction(services));
    const controllers = make("controllers", workerFunction(services, "controllers"));
    const scheduler = make("scheduler", workerFunction(services, "scheduler"));
    const reports = make("reports", reportsFunction(services));
    this.#tick = make("tick", tickFunction(services, hasResync));
    this.functions = [...this.#apis.values(), dispatch, controllers, scheduler, reports, this.#tick];
    const wakes = { world, faults, attempts };
    const add = (name: string, fifo: boolean, visibilityMs: number, concurrency: number, target: typeof controllers) =>
      queues.set(
        name,
        new SimulatedQueue({
          ...wakes,
          name,
          fifo,
          visibilityMs,
          concurrency,
          target: (event) => target.invoke(event),
        }),
      );
    add("controllers", true, 70_000, 3, controllers);
    add("scheduler", true, 20_000, 2, scheduler);
    add("delays", false, 40_000, 2, dispatch as typeof controllers);
    add("reports", false, 40_000, 2, reports);
    this.queues = queues;
    this.stream = new SimulatedStream({
      world,
      faults,
      shards: options.shards ?? world.integer(1, 4),
      target: (event) => dispatch.invoke(event),
      dropsFailed: defects.dropsFailedBatches === true,
    });
    this.table.inserted = (item) => this.stream.inserted(item);
    // The stream is read from its beginning, when the cluster was fresh.
    for (const item of fresh.all()) this.stream.inserted(item);
    this.client = this.#clientOf(this.api);
    this.observer = this.#clientOf(openCluster(outside(world, this.table)).api.handle);
    this.#tickAfter(world.integer(0, minuteMs));
    this.#expire();
  }

  /** The first cluster's API as it is reached over the network. */
  get api(): ApiHandler {
    const [api] = this.#apis.values();
    return (request) => api.invoke(request);
  }

  /** As the administrator of a cluster, past everything that fails. */
  observerOf(cluster: string): Client {
    return this.#clientOf(openCluster(outside(this.world, this.table), cluster).api.handle);
  }

  /** Adds a node. */
  addNode(node: Pick<SimulatedAgentOptions, "name" | "index" | "startDelayMs" | "clockSkewMs">): void {
    const { world, api } = this;
    const reports = this.queues.get("reports") as SimulatedQueue;
    const agent = new SimulatedAgent({ ...node, world, api, reports, inboxes: this.#inboxes });
    this.agents.push(agent);
    void agent.start();
  }

  /** Whether nothing waits to be done; what is delayed does not count. */
  get isIdle(): boolean {
    return this.stream.length === 0 && [...this.queues.values()].every(({ waiting }) => waiting === 0);
  }

  /** Pods of which the API says something else than their nodes. */
  async disagreements(): Promise<string[]> {
    const { items } = await this.observer.list(pods);
    const found: string[] = [];
    for (const { metadata, spec, status } of items) {
      const seen = this.agents.find(({ name }) => name === spec.nodeName)?.statusOf(metadata.uid);
      if (seen === undefined) continue;
      const [got, want] = [status, seen].map((one) => [one?.phase, one?.podIP, restartsOf(one)].join(" "));
      if (got !== want) found.push(`pod ${metadata.name}: the API says ${got}, the node ${want}`);
    }
    return found;
  }

  /** How much was delivered again. */
  get repeated(): number {
    return this.stream.repeated + [...this.queues.values()].reduce((sum, { repeated }) => sum + repeated, 0);
  }

  get deadLetters(): string[] {
    return [...this.queues.values()].flatMap(({ deadLetters }) => deadLetters);
  }

  #clientOf(handle: ApiHandler): Client {
    const admin = { username: "admin", groups: ["system:masters", "system:authenticated"] };
    const clock = { now: () => this.world.now(), sleep: (ms: number) => this.world.sleep(ms) };
    return createInProcessClient(handle, admin, { clock });
  }

  #tickAfter(ms: number): void {
    const { world } = this;
    world.after(ms, () => {
      this.#tickAfter(minuteMs);
      if (world.chance(this.#faults.tick)) return;
      const times = world.chance(this.#faults.tick) ? 2 : 1;
      for (let time = 0; time < times; time++) {
        const lateMs = world.chance(this.#faults.late) ? world.random.number() * this.#faults.lateMs : 0;
        // A tick that fails is not repeated: the next one does its work.
        world.after(lateMs, () => void this.#tick.invoke(undefined).catch(() => {}));
      }
    });
  }

  #expire(): void {
    this.table.expire();
    this.world.after(20_000, () => this.#expire());
  }
}

const restartsOf = (status: PodStatus | undefined) =>
  status?.containerStatuses?.map((one) => one.restartCount).join(",");

/** A process that nothing happens to. */
function outside(world: World, table: SimulatedTable): Environment {
  const environment = new Environment(world, table, calm());
  environment.begin();
  return environment;
}

/** A table with fresh clusters' objects in it, and the time at which they were there. */
export async function freshTable(clusters: readonly string[] = [clusterName]) {
  const world = new World(1);
  const table = new SimulatedTable(world, pageItems);
  let left = clusters.length;
  for (const name of clusters) {
    const { api } = openCluster(outside(world, table), name);
    void api.bootstrap({ port: 443 }).then(() => left--);
  }
  await world.runUntil(() => left === 0, 10 * minuteMs);
  return { table, at: world.now() };
}
