/** SQS in memory behind its JSON protocol on a loopback port: what agents and inboxes use of it. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Message {
  readonly MessageId: string;
  readonly Body: string;
  readonly attributes: Readonly<Record<string, { readonly StringValue?: string } | undefined>>;
  receipt?: string;
}

interface Queue {
  readonly messages: Message[];
  readonly attributes: Record<string, string>;
  readonly polls: Set<() => void>;
}

type Input = Readonly<Record<string, never>> & {
  readonly QueueName?: string;
  readonly QueueUrl?: string;
  readonly QueueNamePrefix?: string;
  readonly NextToken?: string;
  readonly MessageBody?: string;
  readonly MessageAttributes?: Message["attributes"];
  readonly Attributes?: Record<string, string>;
  readonly WaitTimeSeconds?: number;
  readonly Entries?: readonly { Id: string; MessageBody: string; ReceiptHandle: string }[];
};

class SqsError extends Error {}

const pageSize = 2;
const maxSkewMs = 5 * 60_000;

/** `20260101T120000Z` of the signature. */
function signedAt({ headers }: IncomingMessage): number {
  return Date.parse(String(headers["x-amz-date"]).replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
}

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** A fake SQS. Nothing becomes visible again by itself, and nothing is ever lost. */
export class FakeSqs {
  /** Calls by action, in order. */
  readonly calls: string[] = [];
  readonly queues = new Map<string, Queue>();
  /** The access keys that calls were signed with, in order. */
  readonly keys: string[] = [];
  /** How far its clock is ahead of this machine's (ms): what is signed five minutes off is refused. */
  aheadMs = 0;
  /** Set: an action fails with this error. */
  failure: { action: string; name: string } | undefined;
  readonly #server: Server;
  #count = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeSqs> {
    const server = createServer((request, response) => void fake.#answer(request, response));
    const fake = new FakeSqs(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What an SDK client needs to reach it. */
  get client() {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    return { endpoint: this.endpoint, region: "eu-central-1", credentials };
  }

  url(name: string): string {
    return `${this.endpoint}/000000000000/${name}`;
  }

  queue(name: string): Queue {
    const found = this.queues.get(name);
    if (found === undefined) throw new SqsError("com.amazonaws.sqs#QueueDoesNotExist");
    return found;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const action = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
    this.calls.push(action);
    this.keys.push(/Credential=(\w+)/.exec(String(request.headers.authorization))?.[1] ?? "");
    response.setHeader("date", new Date(Date.now() + this.aheadMs).toUTCString());
    try {
      if (Math.abs(signedAt(request) - Date.now() - this.aheadMs) > maxSkewMs) {
        throw new SqsError("com.amazon.coral.service#InvalidSignatureException");
      }
      if (this.failure?.action === action) throw new SqsError(`com.amazonaws.sqs#${this.failure.name}`);
      const output = await this.#act(action, JSON.parse(Buffer.concat(chunks).toString()) as Input, response);
      response.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify(output));
    } catch (error) {
      response.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify({ __type: (error as Error).message, message: "refused" }));
    }
  }

  async #act(action: string, input: Input, response: ServerResponse): Promise<object> {
    const { QueueName = "", QueueUrl = "" } = input;
    const name = QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1);
    switch (action) {
      case "CreateQueue":
        if (!this.queues.has(QueueName)) {
          this.queues.set(QueueName, { messages: [], attributes: {}, polls: new Set() });
        }
        return { QueueUrl: this.url(QueueName) };
      case "GetQueueUrl":
        this.queue(QueueName);
        return { QueueUrl: this.url(QueueName) };
      case "SetQueueAttributes":
        Object.assign(this.queue(name).attributes, input.Attributes);
        return {};
      case "DeleteQueue":
        this.queue(name);
        this.queues.delete(name);
        return {};
      case "ListQueues":
        return this.#list(input);
      case "SendMessage":
        return this.#send(name, input.MessageBody ?? "", input.MessageAttributes);
      case "SendMessageBatch":
        return {
          Successful: input.Entries?.map(({ Id, MessageBody }) => ({ Id, ...this.#send(name, MessageBody) })),
        };
      case "ReceiveMessage":
        return { Messages: await this.#receive(this.queue(name), input.WaitTimeSeconds ?? 0, response) };
      case "DeleteMessageBatch":
        return { Successful: input.Entries?.map(({ Id, ReceiptHandle }) => this.#delete(name, Id, ReceiptHandle)) };
      default:
        throw new SqsError("com.amazonaws.sqs#UnsupportedOperation");
    }
  }

  #list({ QueueNamePrefix = "", NextToken = "0" }: Input): object {
    const names = [...this.queues.keys()].filter((name) => name.startsWith(QueueNamePrefix));
    const from = Number(NextToken);
    const next = from + pageSize < names.length ? { NextToken: String(from + pageSize) } : {};
    return { QueueUrls: names.slice(from, from + pageSize).map((name) => this.url(name)), ...next };
  }

  #send(name: string, Body: string, attributes: Message["attributes"] = {}): object {
    const queue = this.queue(name);
    const MessageId = `m${++this.#count}`;
    queue.messages.push({ MessageId, Body, attributes });
    for (const wake of queue.polls) wake();
    return { MessageId, MD5OfMessageBody: md5(Body) };
  }

  async #receive(queue: Queue, seconds: number, response: ServerResponse): Promise<object[]> {
    const visible = () => queue.messages.filter(({ receipt }) => receipt === undefined).slice(0, 10);
    if (visible().length === 0 && seconds > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, seconds * 1000);
        function done() {
          clearTimeout(timer);
          queue.polls.delete(done);
          resolve();
        }
        queue.polls.add(done);
        response.on("close", done);
      });
    }
    return visible().map((message) => {
      message.receipt = `receipt-${message.MessageId}`;
      return {
        MessageId: message.MessageId,
        Body: message.Body,
        MD5OfBody: md5(message.Body),
        ReceiptHandle: message.receipt,
      };
    });
  }

  #delete(name: string, Id: string, handle: string): object {
    const { messages } = this.queue(name);
    const index = messages.findIndex(({ receipt }) => receipt === handle);
    if (index >= 0) messages.splice(index, 1);
    return { Id };
  }
}
