/** The functions' loops over a table in memory: the stream's records and the queues are a test's to deliver. */
import { generateKeyPairSync } from "node:crypto";
import { type CloudCluster, createCluster } from "../../lambdas/wiring/cluster.ts";
import { readEnvironment } from "../../lambdas/wiring/environment.ts";
import { Loops } from "../../lambdas/wiring/loops.ts";
import { DynamoStore } from "../../lib/aws/dynamodb/store.ts";
import type { Item, ReadOptions, Table } from "../../lib/aws/dynamodb/table.ts";
import type { SqsRecord } from "../../lib/aws/sqs/event.ts";
import type { OutgoingMessage } from "../../lib/aws/sqs/queue-sender.ts";
import type { StreamRecord } from "../../lib/aws/stream/log-records.ts";
import type { RestClient } from "../../lib/client/rest.ts";
import { FakeClock, seededRandom } from "./fake-clock.ts";
import { insertRecord } from "./log-records.ts";
import { memoryTable } from "./memory-table.ts";

const name = "default";
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A message in a queue. */
export interface SentMessage extends OutgoingMessage {
  readonly url: string;
}

/** The settings that the functions of a test have. */
export const environment = readEnvironment({
  TABLE_NAME: "table",
  API_URL: "https://api.test",
  CONTROLLERS_QUEUE_URL: "controllers",
  SCHEDULER_QUEUE_URL: "scheduler",
  DELAYS_QUEUE_URL: "delays",
  SIGNING_KEY_PEM: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
});

/** One deployment. */
export class CloudLoops {
  readonly clock = new FakeClock();
  readonly table = memoryTable();
  readonly inserted: Item[] = [];
  readonly sent: SentMessage[] = [];
  /** Requests to the table, by method. */
  readonly requests: string[] = [];
  /** What all reads have taken, as if no item were larger than a unit. */
  readUnits = 0;
  /** Called before each send, with the queue; throws to make it fail. */
  beforeSend: ((url: string) => void) | undefined;
  /** Called before each request to the table; throws to make it fail. */
  beforeRequest: ((method: string) => void) | undefined;
  readonly client: RestClient;
  #serial = 0;

  constructor() {
    this.table.items.inserted = (item) => void this.inserted.push(item);
    this.client = this.newCluster().client({ username: "admin", groups: ["system:masters"] });
  }

  /** Lets time go by until the work is done: who reads waits for writes that are under way. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    await this.clock.advance(0);
    while (!isDone) await this.clock.advance(10);
    return work;
  }

  /** A process's loops: nothing in it knows what another one has seen. */
  newLoops(): Loops {
    const cluster = this.newCluster();
    const clusters = { names: [name], get: async () => cluster, close: async () => {} };
    return new Loops(environment, clusters, undefined, {
      table: this.#counted(),
      queues: {
        send: async (url, messages) => {
          this.beforeSend?.(url);
          for (const message of messages) this.sent.push({ url, ...message });
        },
      },
    });
  }

  newCluster(): CloudCluster {
    const { clock } = this;
    const random = seededRandom(++this.#serial);
    return createCluster(name, new DynamoStore(this.#counted(), { clock, random }), environment, { clock, random });
  }

  /** The stream's records since the last call, of log entries alone, as the mapping's filter lets them pass. */
  records(): StreamRecord[] {
    const items = this.inserted.splice(0).filter(({ t }) => t === "log");
    return items.map((item) => insertRecord(item, String(++this.#serial).padStart(21, "1"), this.clock.now()));
  }

  /** Takes all messages out of a queue, as a function gets them. */
  take(url: string): SqsRecord[] {
    const taken = this.sent.filter((message) => message.url === url);
    for (const message of taken) this.sent.splice(this.sent.indexOf(message), 1);
    return taken.map(({ body, group }) => ({
      messageId: `message-${++this.#serial}`,
      body,
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:eu-central-1:000000000000:${url}`,
      attributes: group === undefined ? {} : { MessageGroupId: group },
    }));
  }

  #counted(): Table {
    const note = (method: string) => {
      this.requests.push(method);
      this.beforeRequest?.(method);
    };
    return new Proxy(this.table, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== "function" || property === "close") return method;
        return async (...args: unknown[]) => {
          note(String(property));
          this.readUnits += readUnits(String(property), args);
          return Reflect.apply(method, target, args);
        };
      },
    });
  }
}

/** Half a unit where the read need not be consistent; one for each item, or for a query's page. */
function readUnits(method: string, [what, options]: readonly unknown[]): number {
  const { eventually = false } = (method === "query" ? what : (options ?? {})) as ReadOptions;
  const each = eventually ? 0.5 : 1;
  if (method === "getMany") return (what as readonly unknown[]).length * each;
  return ["get", "query", "count"].includes(method) ? each : 0;
}
