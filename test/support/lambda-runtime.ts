/**
 * Functions under AWS' own Node.js runtime client (npm aws-lambda-ric, fetched once into node_modules/.cache), with
 * this process as the Runtime API that it asks for events and answers to.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const client = "aws-lambda-ric";
const version = "4.0.2";
const cache = join(import.meta.dirname, "../../node_modules/.cache");
const folder = join(cache, `${client}-${version}`);
/** In the place of the client's compiled half. */
const rapidClient = join(import.meta.dirname, "../localstack/executor/coracle_localstack/rapid-client.cjs");

/** Between the head of a streamed answer and its body. */
const separator = Buffer.alloc(8);

/** An answer as it comes. */
export interface StreamedAnswer {
  /** What HttpResponseStream.from was given. */
  readonly head: { readonly statusCode: number; readonly multiValueHeaders?: Readonly<Record<string, string[]>> };
  /**
   * The body; ends with an error where the function said that it failed. Who does not read it holds the function up.
   */
  readonly body: AsyncIterable<Buffer>;
  /** Hangs up, as if nobody listened any more. */
  abandon(): void;
}

/** An event on its way. */
export interface RuntimeInvocation {
  /** A streamed answer, once its head is there. */
  readonly streamed: Promise<StreamedAnswer>;
  /** A whole answer's text. Rejects with what the function failed with. */
  readonly whole: Promise<string>;
  /** The function has asked for its next event: it thinks that it is done with this one. */
  readonly done: Promise<void>;
}

/** A running function: one process, one event at a time. */
export interface LambdaFunction {
  /** From the start of the process until it asked for its first event. */
  readonly initMs: number;
  /** What it has printed. */
  readonly log: () => string;
  invoke(event: unknown, timeoutMs?: number): RuntimeInvocation;
  stop(): Promise<void>;
}

/** Fetches the client unless it is there. */
export function installRuntimeClient(): string {
  const entry = join("node_modules", client, "index.mjs");
  if (existsSync(join(folder, entry))) return join(folder, entry);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, `${client}-`));
  try {
    writeFileSync(join(work, "package.json"), JSON.stringify({ private: true }));
    const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", `${client}@${version}`];
    const { status, stderr } = spawnSync("npm", args, { cwd: work, encoding: "utf8" });
    if (status !== 0) throw new Error(`npm could not fetch ${client}@${version}: ${stderr}`);
    if (!existsSync(folder)) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return join(folder, entry);
}

interface Pending {
  readonly id: string;
  readonly event: unknown;
  readonly deadlineMs: number;
  readonly streamed: PromiseWithResolvers<StreamedAnswer>;
  readonly whole: PromiseWithResolvers<string>;
  readonly done: PromiseWithResolvers<void>;
}

/** Starts the function `index.handler` of a bundle's folder. Rejects where it fails before it asks for an event. */
export async function startFunction(
  bundleFolder: string,
  environment: Readonly<Record<string, string>>,
): Promise<LambdaFunction> {
  const runtime = new Runtime();
  const address = await runtime.listen();
  const entry = installRuntimeClient();
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["--require", rapidClient, entry], {
    cwd: bundleFolder,
    env: {
      PATH: process.env.PATH,
      ...environment,
      _HANDLER: "index.handler",
      LAMBDA_TASK_ROOT: bundleFolder,
      LAMBDA_RUNTIME_DIR: join(entry, ".."),
      AWS_LAMBDA_FUNCTION_NAME: "api",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1769",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/api",
      AWS_LAMBDA_LOG_STREAM_NAME: "test",
      AWS_LAMBDA_RUNTIME_API: address,
      // Its way over node:http; the other is the compiled half's.
      AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1: "true",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (log += data));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  void ended.then(() => runtime.fail(new Error(`the function has ended: ${log}`)));
  try {
    await runtime.ready;
  } catch (error) {
    await end(child, ended, runtime);
    throw error;
  }
  return {
    initMs: performance.now() - startedAt,
    log: () => log,
    invoke: (event, timeoutMs = 30_000) => runtime.invoke(event, timeoutMs),
    stop: () => end(child, ended, runtime),
  };
}

async function end(child: ChildProcess, ended: Promise<void>, runtime: Runtime): Promise<void> {
  child.kill("SIGKILL");
  await ended;
  runtime.close();
}

/** The Runtime API of one function. */
class Runtime {
  readonly ready: Promise<void>;
  readonly #server: Server;
  readonly #events: Pending[] = [];
  readonly #underWay = new Map<string, Pending>();
  readonly #ready = Promise.withResolvers<void>();
  #waiting: ServerResponse | undefined;
  #last: Pending | undefined;
  #failure: Error | undefined;

  constructor() {
    this.ready = this.#ready.promise;
    this.ready.catch(() => undefined);
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        resolve(`127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
      });
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  invoke(event: unknown, timeoutMs: number): RuntimeInvocation {
    const streamed = Promise.withResolvers<StreamedAnswer>();
    const whole = Promise.withResolvers<string>();
    const done = Promise.withResolvers<void>();
    for (const one of [streamed, whole, done]) {
      one.promise.catch(() => undefined);
      if (this.#failure) one.reject(this.#failure);
    }
    this.#events.push({ id: randomUUID(), event, deadlineMs: Date.now() + timeoutMs, streamed, whole, done });
    this.#next();
    return { streamed: streamed.promise, whole: whole.promise, done: done.promise };
  }

  /** Nothing more will be answered. */
  fail(error: Error): void {
    this.#failure = error;
    this.#ready.reject(error);
    for (const { streamed, whole, done } of [...this.#underWay.values(), ...this.#events]) {
      for (const one of [streamed, whole, done]) one.reject(error);
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [, , , kind, id, what] = (request.url ?? "").split("/");
    if (kind === "invocation" && id === "next") {
      this.#ready.resolve();
      this.#last?.done.resolve();
      this.#waiting = response;
      this.#next();
      return;
    }
    const pending = this.#underWay.get(id ?? "");
    if (what === "response" && pending) void receive(request, pending).finally(() => accept(response));
    else void failed(request, pending).finally(() => accept(response));
  }

  #next(): void {
    const response = this.#waiting;
    const pending = response && this.#events.shift();
    if (!response || !pending) return;
    this.#waiting = undefined;
    this.#last = pending;
    this.#underWay.set(pending.id, pending);
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": pending.id,
      "Lambda-Runtime-Deadline-Ms": String(pending.deadlineMs),
      "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:local:000000000000:function:api",
    });
    response.end(JSON.stringify(pending.event));
  }
}

function accept(response: ServerResponse): void {
  if (!response.destroyed) response.writeHead(202).end();
}

async function text(request: IncomingMessage): Promise<string> {
  let all = "";
  for await (const chunk of request) all += chunk;
  return all;
}

async function failed(request: IncomingMessage, pending: Pending | undefined): Promise<void> {
  const error = new Error(await text(request));
  pending?.whole.reject(error);
  pending?.streamed.reject(error);
}

async function receive(request: IncomingMessage, pending: Pending): Promise<void> {
  if (request.headers["lambda-runtime-function-response-mode"] !== "streaming") {
    pending.whole.resolve(await text(request));
    return;
  }
  let head = Buffer.alloc(0);
  const over = Promise.withResolvers<void>();
  const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return pending.streamed.reject(new Error(`no head: ${head}`));
    head = Buffer.concat([head, value]);
    const at = head.indexOf(separator);
    if (at < 0) continue;
    const rest = head.subarray(at + separator.length);
    const body = bodyOf(request, rest, chunks, over.resolve);
    const parsed = JSON.parse(head.subarray(0, at).toString());
    pending.streamed.resolve({ head: parsed, body, abandon: () => request.destroy() });
    request.once("close", over.resolve);
    return over.promise;
  }
}

async function* bodyOf(
  request: IncomingMessage,
  first: Buffer,
  chunks: AsyncIterator<Buffer>,
  over: () => void,
): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (let step = await chunks.next(); !step.done; step = await chunks.next()) yield step.value;
  over();
  const error = request.trailers["lambda-runtime-function-error-body"];
  if (error !== undefined) throw new Error(Buffer.from(error, "base64").toString());
}
