/** The control loops of a deployment as its functions see them: queues, due times, controllers and mappers, each made at its first use. */
import { controllerManagerUser, controllerUser } from "../../lib/apiserver/authentication/control-plane-users.ts";
import { DueTimesTable } from "../../lib/aws/due/due-times.ts";
import { SdkTable } from "../../lib/aws/dynamodb/sdk-table.ts";
import type { Table } from "../../lib/aws/dynamodb/table.ts";
import { createNodeHealth } from "../../lib/aws/nodes/health.ts";
import { openQueues, type Queues } from "../../lib/aws/sqs/queues.ts";
import { type CatchUpInformers, createCatchUpInformers } from "../../lib/client/catch-up-informers.ts";
import type { Client } from "../../lib/client/interface.ts";
import type { ControllerEntry } from "../../lib/controllers/controller.ts";
import { controllers, schedulerName } from "../../lib/controllers/index.ts";
import { ChangeMapper } from "../../lib/controllers/queued/change-mapper.ts";
import type { ControllerSetOptions } from "../../lib/controllers/queued/controller-set.ts";
import { CreatedObjects } from "../../lib/controllers/queued/created-objects.ts";
import { createLiveObjectGraph } from "../../lib/controllers/queued/live-object-graph.ts";
import type { DelayedWakeup, QueueMessage } from "../../lib/controllers/queued/messages.ts";
import { NodeHealthCopy } from "../../lib/controllers/queued/node-health-copy.ts";
import { QueuedControllers } from "../../lib/controllers/queued/runner.ts";
import { type Outbox, Wakeups } from "../../lib/controllers/queued/wakeups.ts";
import { BindingNudges } from "../../lib/nodes/binding-nudges.ts";
import type { NodeHealth } from "../../lib/nodes/health.ts";
import type { InboxSender } from "../../lib/nodes/inbox.ts";
import { Scheduler } from "../../lib/scheduler/scheduler.ts";
import type { CloudCluster, Clusters } from "./cluster.ts";
import { type Environment, required } from "./environment.ts";
import { sawLease } from "./lease-signs.ts";
import { logError } from "./log.ts";
import { rootCertificates } from "./root-certificates.ts";

/** How long a write may still be under way after the server has taken it: a writer gives its ticket up then (ms). */
const maxWriteDelayMs = 10_000;

const collector = "garbage-collector-controller";

const scheduler: ControllerEntry = {
  name: schedulerName,
  component: "default-scheduler",
  create: (context) => new Scheduler(context),
};

/** One cluster's loops in this process. */
export interface ClusterLoops {
  readonly cluster: CloudCluster;
  readonly informers: CatchUpInformers;
  readonly health: NodeHealth;
  /** As the user that all controllers share. */
  readonly client: Client;
  /** What runners and mappers are made with. */
  readonly parts: ControllerSetOptions & { readonly cluster: string; readonly informers: CatchUpInformers };
  /** Made at the first call. */
  controllers(): QueuedControllers;
}

/** What some functions have, and what tests put in the place of the machine's. */
export interface LoopParts {
  /** Where nodes are told of pods that are bound to them. @default the stream alone tells them */
  readonly inboxes?: InboxSender;
  readonly table?: Table;
  readonly queues?: Queues;
}

/** The loops. */
export class Loops {
  readonly names: readonly string[];
  readonly table: Table;
  readonly queues: Queues;
  readonly outbox: Outbox;
  readonly dueTimes: DueTimesTable<DelayedWakeup>;
  readonly #clusters: Clusters;
  readonly #environment: Environment;
  readonly #more: (cluster: string) => readonly ControllerEntry[];
  readonly #inboxes: InboxSender | undefined;
  readonly #opened = new Map<string, ClusterLoops>();

  /** `more` gives the controllers of a cluster that only some deployments have. */
  constructor(
    environment: Environment,
    clusters: Clusters,
    more: (cluster: string) => readonly ControllerEntry[] = () => [],
    parts: LoopParts = {},
  ) {
    this.names = clusters.names;
    this.#clusters = clusters;
    this.#environment = environment;
    this.#more = more;
    this.#inboxes = parts.inboxes;
    this.table = parts.table ?? new SdkTable({ name: environment.tableName });
    this.queues = parts.queues ?? openQueues();
    this.outbox = { send: (messages) => this.#send(messages) };
    this.dueTimes = new DueTimesTable(this.table);
  }

  /** A cluster's loops. Rejects as `Clusters.get` does. */
  async get(name: string): Promise<ClusterLoops> {
    const cluster = await this.#clusters.get(name);
    // After the wait: all keys of a process's first batch ask at once, and each set of copies has to be read.
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const opened = this.#open(cluster);
    this.#opened.set(name, opened);
    return opened;
  }

  /** The way to the queues, by a cluster's clock. */
  wakeups({ clock, random }: Pick<CloudCluster, "clock" | "random">): Wakeups {
    return new Wakeups({ outbox: this.outbox, dueTimes: this.dueTimes, clock, random });
  }

  #open(cluster: CloudCluster): ClusterLoops {
    const { name, clock, random, store } = cluster;
    const client = cluster.client(controllerManagerUser, "controllers");
    const informers = createCatchUpInformers({ client, onError: (error) => logError(error, "an informer's handler") });
    const ownedBy = async (uid: string) =>
      (await store.listByOwner(name, uid)).map(({ collection, key }) => ({ ...collection, key }));
    const parts = {
      cluster: name,
      controllers: [...controllers, ...this.#more(name), scheduler],
      client: (controller: string) => {
        const own = cluster.client(controllerUser(controller), controller);
        return controller === schedulerName ? this.#tellingNodes(cluster, informers, own) : own;
      },
      informers,
      // The shared user lists and watches everything, and gets nothing; the collector may get whatever there is.
      graph: createLiveObjectGraph({ client: cluster.client(controllerUser(collector), collector), clock, ownedBy }),
      clock,
      random,
      rootCertificate: rootCertificates(this.#environment),
      maxWriteDelayMs,
      // Nodes are heard of elsewhere; who asks when, has a copy of that.
      lastHeard: () => undefined,
    };
    const health = createNodeHealth(this.table, name);
    let runner: QueuedControllers | undefined;
    return {
      cluster,
      informers,
      health,
      client,
      parts,
      controllers: () => {
        runner ??= new QueuedControllers({
          ...parts,
          ahead: { created: new CreatedObjects(), mapper: new ChangeMapper({ ...parts, ignores: sawLease }) },
          wakeups: this.wakeups(cluster),
          health: new NodeHealthCopy(health),
          onError: (controller, key, error) => logError(error, `${name} ${controller} ${key}`),
        });
        return runner;
      },
    };
  }

  /** The scheduler's client, whose bindings nodes hear of at once. */
  #tellingNodes({ name, store }: CloudCluster, informers: CatchUpInformers, client: Client): Client {
    const sender = this.#inboxes;
    if (sender === undefined) return client;
    const revision = () => store.revision({ cluster: name, group: "", resource: "pods" });
    const onError = (error: unknown) => logError(error, `inboxes of ${name}`);
    return new BindingNudges({ sender, informers, revision, onError }).noting(client);
  }

  async #send(messages: readonly QueueMessage[]): Promise<void> {
    const urls = {
      controllers: required(this.#environment, "controllersQueueUrl"),
      scheduler: required(this.#environment, "schedulerQueueUrl"),
      delays: required(this.#environment, "delaysQueueUrl"),
    };
    const byQueue = Map.groupBy(messages, ({ queue }) => queue);
    await Promise.all([...byQueue].map(([queue, some]) => this.queues.send(urls[queue], some)));
  }
}
