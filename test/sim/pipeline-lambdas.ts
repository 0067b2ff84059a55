/** The functions as `lambdas/` composes them, on simulated services; all that they do is the project's own code. */
import { generateKeyPairSync } from "node:crypto";
import { type CloudCluster, type Clusters, UnknownCluster } from "../../lambdas/wiring/cluster.ts";
import { Dispatcher } from "../../lambdas/wiring/dispatcher.ts";
import { readEnvironment } from "../../lambdas/wiring/environment.ts";
import { KeyWorker } from "../../lambdas/wiring/key-worker.ts";
import { Loops } from "../../lambdas/wiring/loops.ts";
import { ReportTaker } from "../../lambdas/wiring/report-taker.ts";
import { Ticker } from "../../lambdas/wiring/ticker.ts";
import type { ServerRequest, ServerResponse } from "../../lib/apimachinery/http.ts";
import { localSigner } from "../../lib/apiserver/authentication/signer.ts";
import { createClusterServer } from "../../lib/apiserver/cluster-server.ts";
import { DynamoStore } from "../../lib/aws/dynamodb/store.ts";
import { type Table, TableBusy } from "../../lib/aws/dynamodb/table.ts";
import type { BatchResponse, SqsEvent } from "../../lib/aws/sqs/event.ts";
import type { OutgoingMessage } from "../../lib/aws/sqs/queue-sender.ts";
import type { StreamEvent } from "../../lib/aws/stream/log-records.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import { nodeInboxEntry } from "../../lib/controllers/node-inbox.ts";
import { parseKeyMessage, parseParked, parseSchedulerMessage } from "../../lib/controllers/queued/messages.ts";
import type { InboxQueues, InboxSender } from "../../lib/nodes/inbox.ts";
import { createNodeNudges } from "../../lib/nodes/nudges.ts";
import { sentByInstance } from "../../lib/nodes/sender.ts";
import type { PipelineFaults } from "./pipeline-faults.ts";
import type { SimulatedInboxes } from "./pipeline-inboxes.ts";
import type { Environment, Handler } from "./pipeline-lambda.ts";
import type { SimulatedQueue } from "./pipeline-queues.ts";

/** The cluster's name where there is only one. */
export const clusterName = "default";

/** What the services outside of a function are. */
export interface Services {
  /** By URL. */
  readonly queues: ReadonlyMap<string, SimulatedQueue>;
  readonly inboxes: SimulatedInboxes;
  /** What a planted defect changes. */
  readonly defects: Defects;
  readonly faults: PipelineFaults;
  /** Their names. */
  readonly clusters: readonly string[];
}

/** Planted defects, each of which the simulation must see. */
export interface Defects {
  /** The stream's consumer is believed to have done a batch that has failed. */
  readonly dropsFailedBatches?: boolean;
  /** Every wake-up of a key has the same deduplication id. */
  readonly sameDeduplicationId?: boolean;
  /** Reports are written in the order in which they come. */
  readonly believesOldReports?: boolean;
  /** What is due later is never sent. */
  readonly forgetsDelays?: boolean;
  /** What fails for one cluster can't be parked. */
  readonly neverParks?: boolean;
  /** What fails for one cluster is said to be parked, and lost. */
  readonly forgetsParked?: boolean;
}

const variables = {
  TABLE_NAME: "table",
  API_URL: "https://api.test",
  CONTROLLERS_QUEUE_URL: "controllers",
  SCHEDULER_QUEUE_URL: "scheduler",
  DELAYS_QUEUE_URL: "delays",
  REPORTS_QUEUE_URL: "reports",
  FAILURES_QUEUE_URL: "failures",
  INBOX_PREFIX: "inbox-",
  ROOT_CERTIFICATES: "CERTIFICATE",
};
const settings = readEnvironment(variables);
/** Of every server: Services' addresses and ports. */
export const clusterConfig = { serviceCIDRs: ["10.96.0.0/16"], nodePortRange: [30_000, 32_767] } as const;
/** Signs nothing that matters here. */
export const keys = [localSigner(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)];

/** The API core of a cluster in an environment: a store and caches of its own. */
export function openCluster(
  { clock, world, table }: Pick<Environment, "clock" | "world"> & { readonly table: Table },
  name = clusterName,
): CloudCluster {
  const { random } = world;
  const store = new DynamoStore(table, { clock, random });
  const api = createClusterServer({
    cluster: name,
    store,
    clock,
    random,
    config: clusterConfig,
    keys,
    serverUrl: settings.apiUrl,
    caches: "on use",
    logError: () => {},
  });
  const client: CloudCluster["client"] = (user, userAgent) =>
    createInProcessClient(api.handle, user, { clock, userAgent });
  return { name, api, store, clock, random, client };
}

/** λ api, for one cluster. The answer comes as a whole: nobody of ours holds a watch. */
export function apiFunction(cluster: string) {
  return (environment: Environment): Handler<ServerRequest, ServerResponse> => {
    const { api } = openCluster(environment, cluster);
    return async (request) => {
      const response = await api.handle(request);
      const { body } = response;
      if (typeof body === "string" || body instanceof Uint8Array) return response;
      let text = "";
      for await (const piece of body) text += typeof piece === "string" ? piece : Buffer.from(piece).toString();
      return { ...response, body: text };
    };
  };
}

/** λ dispatch. */
export function dispatchFunction(services: Services) {
  return (environment: Environment): Handler<StreamEvent | SqsEvent, BatchResponse> => {
    const { failuresQueueUrl = "" } = settings;
    const dispatcher = new Dispatcher({
      failuresQueueUrl,
      loops: openLoops(environment, services, {
        table: withTrouble(environment.table, services.faults),
        passes: ({ body }) => {
          if (parseParked(body) === undefined) return true;
          if (services.defects.neverParks) throw new Error("it can't be parked");
          return services.defects.forgetsParked !== true;
        },
      }),
      nudges: createNodeNudges(inboxSender(environment, services)),
      clock: environment.clock,
    });
    return (event, remainingMs) => {
      const isQueue = event.Records[0]?.eventSource === "aws:sqs";
      return isQueue
        ? dispatcher.delays(event as SqsEvent, remainingMs)
        : dispatcher.stream(event as StreamEvent, remainingMs);
    };
  };
}

function inboxSender(environment: Environment, { inboxes }: Services): InboxSender {
  return {
    send: (nudges) =>
      environment.request("inbox", () => {
        for (const { inbox, nudge } of nudges) inboxes.send(inbox, nudge);
      }),
  };
}

/** λ controllers and λ scheduler. */
export function workerFunction(services: Services, kind: "controllers" | "scheduler") {
  return (environment: Environment): Handler<SqsEvent, BatchResponse> => {
    const worker = new KeyWorker({
      loops: openLoops(environment, services, {
        ...(kind === "scheduler" ? { inboxes: inboxSender(environment, services) } : {}),
      }),
      parse: kind === "scheduler" ? parseSchedulerMessage : parseKeyMessage,
      reserveMs: kind === "scheduler" ? 11_000 : 20_000,
      deadLettersUrl: `${kind}-dead-letters`,
      clock: environment.clock,
    });
    return (event, remainingMs) => worker.run(event, remainingMs);
  };
}

/** λ node-reports. */
export function reportsFunction({ defects, clusters }: Services) {
  return (environment: Environment): Handler<SqsEvent, BatchResponse> => {
    const { table } = environment;
    const taker = new ReportTaker({
      clusters: clustersOf(clusters.map((name) => openCluster(environment, name))),
      clock: environment.clock,
      table,
      isSentBy: sentByInstance,
    });
    return (event, remainingMs) => taker.run(defects.believesOldReports ? asNewest(event) : event, remainingMs);
  };
}

/** λ tick. Without resync every key must have been woken by the stream. */
export function tickFunction(services: Services, hasResync: boolean) {
  return (environment: Environment): Handler<undefined, void> => {
    const loops = openLoops(environment, services, { passes: (message) => hasResync || !isResync(message) });
    const ticker = new Ticker(loops, environment.clock);
    return () => ticker.run();
  };
}

/** Only what a resync sends names a change as its cause; the rest of a tick tells of times. */
function isResync({ body }: OutgoingMessage): boolean {
  return (JSON.parse(body) as { collection?: string }).collection !== undefined;
}

/** Each report is made to look newer than all that came before. */
function asNewest(event: SqsEvent): SqsEvent {
  return { Records: event.Records.map((record) => ({ ...record, body: renewed(record.body) })) };
}

let newest = 10 ** 15;
const renewed = (body: string) => JSON.stringify({ ...JSON.parse(body), epoch: ++newest });

/** What is between the loops of a function and the services. */
interface Between {
  readonly table?: Table;
  readonly inboxes?: InboxSender;
  /** Messages that it refuses are lost. */
  readonly passes?: (message: OutgoingMessage) => boolean;
}

/** The loops in an environment. */
export function openLoops(
  environment: Environment,
  { queues, inboxes, defects, clusters }: Services,
  { table = environment.table, inboxes: told, passes = () => true }: Between = {},
): Loops {
  const { clock, world } = environment;
  const inboxQueues: InboxQueues = {
    ensure: ({ uid }) => environment.request("queues", () => inboxes.ensure(uid)),
    isInbox: (url, uid) => url === inboxes.url(uid),
    remove: (uid) => environment.request("queues", () => inboxes.remove(uid)),
    list: () => environment.request("queues", () => inboxes.uids()),
  };
  const opened = clustersOf(clusters.map((name) => openCluster({ clock, world, table }, name)));
  return new Loops(settings, opened, () => [nodeInboxEntry(inboxQueues)], {
    table,
    ...(told === undefined ? {} : { inboxes: told }),
    queues: {
      async send(url, messages) {
        if (defects.forgetsDelays && url === "delays") return;
        const passing = messages.filter(passes);
        const sent = defects.sameDeduplicationId ? passing.map(alike) : passing;
        await environment.request(url, () => queues.get(url)?.send(sent));
      },
    },
  });
}

function clustersOf(clusters: readonly CloudCluster[]): Clusters {
  return {
    names: clusters.map(({ name }) => name),
    async get(name) {
      const found = clusters.find((one) => one.name === name);
      if (found === undefined) throw new UnknownCluster(name);
      return found;
    },
    close: async () => {},
  };
}

/** A table that is busy with all that is of the cluster in trouble. */
function withTrouble(table: Table, faults: PipelineFaults): Table {
  const check = (asked: unknown) => {
    const { troubled } = faults;
    if (troubled === "") return;
    const places = [asked].flat().map((one) => {
      const { pk, put, update, remove } = one as { pk?: string } & Record<string, { pk?: string } | undefined>;
      return pk ?? put?.pk ?? update?.pk ?? remove?.pk ?? "";
    });
    if (places.some((pk) => pk.startsWith(`${troubled}/`))) throw new TableBusy("throttled");
  };
  return new Proxy(table, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== "function" || property === "close") return method;
      return async (...args: unknown[]) => {
        check(args[0]);
        return Reflect.apply(method, target, args);
      };
    },
  });
}

function alike(message: OutgoingMessage): OutgoingMessage {
  return message.group === undefined ? message : { ...message, deduplicationId: message.group };
}
