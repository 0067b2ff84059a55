/** The functions as `lambdas/` composes them, on simulated services; all that they do is the project's own code. */
import { generateKeyPairSync } from "node:crypto";
import type { CloudCluster, Clusters } from "../../lambdas/wiring/cluster.ts";
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
import type { BatchResponse, SqsEvent } from "../../lib/aws/sqs/event.ts";
import type { OutgoingMessage } from "../../lib/aws/sqs/queue-sender.ts";
import type { StreamEvent } from "../../lib/aws/stream/log-records.ts";
import { createInProcessClient } from "../../lib/client/in-process.ts";
import { nodeInboxEntry } from "../../lib/controllers/node-inbox.ts";
import { parseKeyMessage, parseSchedulerMessage } from "../../lib/controllers/queued/messages.ts";
import type { InboxQueues, InboxSender } from "../../lib/nodes/inbox.ts";
import { createNodeNudges } from "../../lib/nodes/nudges.ts";
import { sentByInstance } from "../../lib/nodes/sender.ts";
import type { SimulatedInboxes } from "./pipeline-inboxes.ts";
import type { Environment, Handler } from "./pipeline-lambda.ts";
import type { SimulatedQueue } from "./pipeline-queues.ts";

/** The cluster's name, everywhere. */
export const clusterName = "default";

/** What the services outside of a function are. */
export interface Services {
  /** By URL. */
  readonly queues: ReadonlyMap<string, SimulatedQueue>;
  readonly inboxes: SimulatedInboxes;
  /** What a planted defect changes. */
  readonly defects: Defects;
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

/** The API core in an environment: a store and caches of its own. */
export function openCluster({ clock, world, table }: Environment): CloudCluster {
  const { random } = world;
  const store = new DynamoStore(table, { clock, random });
  const api = createClusterServer({
    cluster: clusterName,
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
  return { name: clusterName, api, store, clock, random, client };
}

/** λ api. The answer comes as a whole: nobody of ours holds a watch. */
export function apiFunction(environment: Environment): Handler<ServerRequest, ServerResponse> {
  const { api } = openCluster(environment);
  return async (request) => {
    const response = await api.handle(request);
    const { body } = response;
    if (typeof body === "string" || body instanceof Uint8Array) return response;
    let text = "";
    for await (const piece of body) text += typeof piece === "string" ? piece : Buffer.from(piece).toString();
    return { ...response, body: text };
  };
}

/** λ dispatch. */
export function dispatchFunction(services: Services) {
  return (environment: Environment): Handler<StreamEvent | SqsEvent, BatchResponse> => {
    const sender: InboxSender = {
      send: (nudges) =>
        environment.request("inbox", () => {
          for (const { inbox, nudge } of nudges) services.inboxes.send(inbox, nudge);
        }),
    };
    const { failuresQueueUrl = "" } = settings;
    const dispatcher = new Dispatcher({
      failuresQueueUrl,
      loops: openLoops(environment, services),
      nudges: createNodeNudges(sender),
      clock: environment.clock,
    });
    return (event) => {
      const isQueue = event.Records[0]?.eventSource === "aws:sqs";
      return isQueue ? dispatcher.delays(event as SqsEvent) : dispatcher.stream(event as StreamEvent);
    };
  };
}

/** λ controllers and λ scheduler. */
export function workerFunction(services: Services, kind: "controllers" | "scheduler") {
  return (environment: Environment): Handler<SqsEvent, BatchResponse> => {
    const worker = new KeyWorker({
      loops: openLoops(environment, services),
      parse: kind === "scheduler" ? parseSchedulerMessage : parseKeyMessage,
      reserveMs: kind === "scheduler" ? 11_000 : 20_000,
      clock: environment.clock,
    });
    return (event, remainingMs) => worker.run(event, remainingMs);
  };
}

/** λ node-reports. */
export function reportsFunction({ defects }: Services) {
  return (environment: Environment): Handler<SqsEvent, BatchResponse> => {
    const { table } = environment;
    const taker = new ReportTaker({
      clusters: clustersOf(openCluster(environment)),
      table,
      isSentBy: sentByInstance,
    });
    return (event, remainingMs) => taker.run(defects.believesOldReports ? asNewest(event) : event, remainingMs);
  };
}

/** λ tick. Without resync every key must have been woken by the stream. */
export function tickFunction(services: Services, hasResync: boolean) {
  return (environment: Environment): Handler<undefined, void> => {
    const loops = openLoops(environment, services, (message) => hasResync || !isResync(message));
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

/** The loops in an environment; messages that `passes` refuses are lost. */
export function openLoops(
  environment: Environment,
  { queues, inboxes, defects }: Services,
  passes: (message: OutgoingMessage) => boolean = () => true,
): Loops {
  const inboxQueues: InboxQueues = {
    ensure: ({ uid }) => environment.request("queues", () => inboxes.ensure(uid)),
    isInbox: (url, uid) => url === inboxes.url(uid),
    remove: (uid) => environment.request("queues", () => inboxes.remove(uid)),
    list: () => environment.request("queues", () => inboxes.uids()),
  };
  return new Loops(settings, clustersOf(openCluster(environment)), () => [nodeInboxEntry(inboxQueues)], {
    table: environment.table,
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

function clustersOf(cluster: CloudCluster): Clusters {
  return { names: [clusterName], get: async () => cluster, close: async () => {} };
}

function alike(message: OutgoingMessage): OutgoingMessage {
  return message.group === undefined ? message : { ...message, deduplicationId: message.group };
}
