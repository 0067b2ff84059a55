/**
 * A cluster whose controllers are woken through queues, as in the cloud, on the real API core: queues in memory, a
 * clock that a test moves.
 */
import type { KubeObject, Resource } from "../../lib/apimachinery/meta.ts";
import { createCatchUpInformers } from "../../lib/client/catch-up-informers.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import type { RestClient } from "../../lib/client/rest.ts";
import type { ControllerEntry } from "../../lib/controllers/controller.ts";
import { ChangeMapper, type LoggedChange } from "../../lib/controllers/queued/change-mapper.ts";
import type { ControllerSetOptions } from "../../lib/controllers/queued/controller-set.ts";
import { CreatedObjects } from "../../lib/controllers/queued/created-objects.ts";
import { forwardDelay } from "../../lib/controllers/queued/delays.ts";
import { createLiveObjectGraph } from "../../lib/controllers/queued/live-object-graph.ts";
import { ChangeLoader } from "../../lib/controllers/queued/logged-change.ts";
import {
  type DelayedWakeup,
  parseKeyMessage,
  parseSchedulerMessage,
  type QueueMessage,
} from "../../lib/controllers/queued/messages.ts";
import { type NodeHealth, QueuedControllers } from "../../lib/controllers/queued/runner.ts";
import { type DueTimes, type Outbox, Wakeups } from "../../lib/controllers/queued/wakeups.ts";
import type { Collection } from "../../lib/storage/interface.ts";
import { startTestServer, type TestServer } from "./api-server.ts";
import { FakeClock, seededRandom } from "./fake-clock.ts";

/** A message in a queue. */
export interface Queued extends QueueMessage {
  readonly id: string;
  readonly visibleAt: number;
}

/** Queues in memory: the delays' queue holds messages back, the FIFO ones swallow what has an id that they know. */
export class MemoryQueues implements Outbox {
  readonly waiting: Queued[] = [];
  readonly sent: QueueMessage[] = [];
  /** Called before each send; throws to make it fail. */
  beforeSend: (() => void) | undefined;
  readonly #clock: FakeClock;
  readonly #ids = new Map<string, number>();
  #serial = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async send(messages: readonly QueueMessage[]): Promise<void> {
    this.beforeSend?.();
    for (const message of messages) {
      this.sent.push(message);
      if (this.#isKnown(message)) continue;
      const visibleAt = this.#clock.now() + (message.delaySeconds ?? 0) * 1000;
      this.waiting.push({ ...message, id: `m${++this.#serial}`, visibleAt });
    }
  }

  /** Takes the first message that may be seen. */
  take(): Queued | undefined {
    const index = this.waiting.findIndex(({ visibleAt }) => visibleAt <= this.#clock.now());
    return index < 0 ? undefined : this.waiting.splice(index, 1)[0];
  }

  #isKnown({ deduplicationId, queue }: QueueMessage): boolean {
    if (deduplicationId === undefined) return false;
    const key = `${queue} ${deduplicationId}`;
    const now = this.#clock.now();
    if ((this.#ids.get(key) ?? 0) > now) return true;
    this.#ids.set(key, now + 300_000);
    return false;
  }
}

/** Due times in memory. */
export class MemoryDueTimes implements DueTimes {
  readonly all: DelayedWakeup[] = [];

  async put(wakeup: DelayedWakeup): Promise<void> {
    this.all.push(wakeup);
  }

  async due(cluster: string, until: number, limit: number): Promise<readonly DelayedWakeup[]> {
    return this.all.filter((one) => one.cluster === cluster && one.dueAt <= until).slice(0, limit);
  }

  async remove(wakeup: DelayedWakeup): Promise<void> {
    const index = this.all.indexOf(wakeup);
    if (index >= 0) this.all.splice(index, 1);
  }
}

/** What a cluster of a test is made with. */
export interface QueuedClusterOptions {
  readonly controllers: readonly ControllerEntry[];
  readonly health?: NodeHealth;
  /** Whether what a run creates wakes others before it is dispatched. */
  readonly isAhead?: boolean;
  /** Called for the processes' clients, to look at or change what they ask. */
  readonly wrap?: (client: RestClient) => RestClient;
}

/** Started by `startQueuedCluster`. */
export class QueuedCluster {
  readonly clock: FakeClock;
  readonly server: TestServer;
  readonly client: RestClient;
  readonly queues: MemoryQueues;
  readonly dueTimes = new MemoryDueTimes();
  readonly wakeups: Wakeups;
  readonly errors: string[] = [];
  readonly outcomes: string[] = [];
  controllers: QueuedControllers;
  mapper: ChangeMapper;
  readonly #options: QueuedClusterOptions;
  readonly #read = new Map<string, number>();
  #loader: ChangeLoader;

  constructor(clock: FakeClock, server: TestServer, options: QueuedClusterOptions) {
    this.clock = clock;
    this.server = server;
    this.#options = options;
    this.client = createInProcessClient(
      server.server.handle,
      { username: "admin", groups: ["system:masters"] },
      { clock },
    );
    this.queues = new MemoryQueues(clock);
    this.wakeups = new Wakeups({ outbox: this.queues, dueTimes: this.dueTimes, clock, random: seededRandom(1) });
    this.controllers = this.newControllers();
    this.mapper = this.newMapper();
    this.#loader = this.#newLoader();
  }

  /** The processes end and begin anew: all that they remembered is gone. */
  restart(): void {
    this.controllers = this.newControllers();
    this.mapper = this.newMapper();
    this.#loader = this.#newLoader();
  }

  newControllers(): QueuedControllers {
    const { health, isAhead = false } = this.#options;
    const parts = this.#parts();
    const mapper = new ChangeMapper({ ...parts, cluster: "default" });
    return new QueuedControllers({
      ...parts,
      ...(isAhead ? { ahead: { created: new CreatedObjects(), mapper } } : {}),
      cluster: "default",
      wakeups: this.wakeups,
      ...(health === undefined ? {} : { health }),
      onError: (controller, key, error) => this.errors.push(`${controller} ${key}: ${(error as Error).message}`),
    });
  }

  newMapper(): ChangeMapper {
    return new ChangeMapper({
      ...this.#parts(),
      cluster: "default",
      onError: (controller, { revision }, error) => this.errors.push(`${controller} ${revision}: ${error}`),
    });
  }

  /** What is new in the log since the last call, as the stream's consumer gets it. */
  async changes(): Promise<LoggedChange[]> {
    const { store } = this.server;
    const found: LoggedChange[] = [];
    for (const collection of await store.collections("default")) {
      const name = `${collection.group}/${collection.resource}`;
      const to = await store.revision(collection);
      const from = this.#read.get(name);
      if (from === undefined) {
        // What a fresh cluster has is no history.
        for (const { revision, text } of (await store.list(collection)).items) {
          found.push(await this.#loader.load(collection, { type: "created", revision, text }));
        }
      } else {
        for (let revision = from + 1; revision <= to; revision++) {
          const entry = await store.logEntry(collection, revision);
          if (entry !== undefined) found.push(await this.#loader.load(collection, entry));
        }
      }
      this.#read.set(name, to);
    }
    return found;
  }

  /** Dispatches what is new. */
  async dispatch(): Promise<void> {
    await this.wakeups.now(await this.mapper.map(await this.changes()));
  }

  /** Works until no message can be seen and nothing is new. */
  async settle(): Promise<void> {
    for (let round = 0; round < 1000; round++) {
      await this.dispatch();
      const message = this.queues.take();
      if (message === undefined) return;
      await this.deliver(message);
    }
    throw new Error("it does not come to rest");
  }

  /** Lets seconds go by, and works in each. */
  async advance(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1000);
      await this.settle();
    }
  }

  async deliver(message: Queued): Promise<void> {
    if (message.queue === "delays") return forwardDelay(message, this.queues, this.clock);
    const parse = message.queue === "scheduler" ? parseSchedulerMessage : parseKeyMessage;
    const wakeup = parse(message.body);
    const outcome = await this.controllers.run(wakeup);
    this.outcomes.push(`${wakeup.controller} ${wakeup.key} ${outcome}`);
    await this.controllers.flush();
  }

  all<T extends KubeObject>(resource: Resource<T>, namespace?: string): Promise<T[]> {
    return this.client.list(resource, namespace === undefined ? {} : { namespace }).then(({ items }) => items);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  #newLoader(): ChangeLoader {
    const { store } = this.server;
    return new ChangeLoader(async (name, revision) => {
      const collection: Collection = { cluster: "default", ...name };
      return (await store.logEntry(collection, revision))?.text;
    });
  }

  #parts(): ControllerSetOptions & { informers: ReturnType<typeof createCatchUpInformers> } {
    const { controllers, wrap = (client) => client } = this.#options;
    const { clock } = this;
    const { store } = this.server;
    const client = wrap(this.client);
    return {
      controllers,
      client: () => client,
      informers: createCatchUpInformers({ client }),
      graph: createLiveObjectGraph({
        client,
        clock,
        ownedBy: async (uid) =>
          (await store.listByOwner("default", uid)).map(({ collection, key }) => ({ ...collection, key })),
      }),
      clock,
      random: seededRandom(2),
      rootCertificate: "CERTIFICATE",
    };
  }
}

/** Starts one with a fresh cluster's objects, whose changes are still to be dispatched. */
export async function startQueuedCluster(options: QueuedClusterOptions): Promise<QueuedCluster> {
  const clock = new FakeClock();
  return new QueuedCluster(clock, await startTestServer(clock), options);
}
