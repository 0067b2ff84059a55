/** A client over HTTPS with connections that are kept (upstream: client-go/rest and transport). */
import { readFile } from "node:fs/promises";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type Clock, systemClock } from "../apimachinery/clock.ts";
import { type ClientConfig, readKubeconfig } from "./kubeconfig.ts";
import { createRestClient, type RawRequest, type RestClient, type Transport } from "./rest.ts";

/** Where to and how. A kubeconfig's path gives what is not set here. */
export interface HttpClientOptions extends Partial<ClientConfig> {
  readonly kubeconfig?: string;
  /** Gives the bearer token of each call, before all else; a call rejects with what it rejects with. */
  readonly tokenProvider?: () => Promise<string>;
  /** How long an answer may take, not counting what streams; default 60,000. */
  readonly timeoutMs?: number;
  /** Connections for calls that don't stream; default 32. */
  readonly maxSockets?: number;
  readonly userAgent?: string;
  readonly clock?: Clock;
}

/** A client over HTTPS that can be closed. */
export interface HttpClient extends RestClient {
  /** Closes idle connections; calls under way go on. */
  close(): void;
}

/** How long a token that was read from a file is used before the file is read again. */
const tokenCacheMs = 60_000;

/** A client of a server. Throws an Error where the options name no server or the kubeconfig is wrong. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const config: Partial<ClientConfig> = options.kubeconfig
    ? { ...readKubeconfig(options.kubeconfig), ...options }
    : options;
  if (!config.server) throw new Error("no server: give the client a server or a kubeconfig");
  const clock = options.clock ?? systemClock;
  const transport = new HttpTransport(config as ClientConfig, options, clock);
  return Object.assign(createRestClient(transport, clock), { close: () => transport.close() });
}

class HttpTransport implements Transport {
  readonly #url: URL;
  readonly #prefix: string;
  readonly #calls: HttpAgent;
  readonly #streams: HttpAgent;
  readonly #token: () => Promise<string | undefined> | string | undefined;
  readonly #timeoutMs: number;
  readonly #userAgent: string;

  constructor(config: ClientConfig, options: HttpClientOptions, clock: Clock) {
    this.#url = new URL(config.server);
    this.#prefix = this.#url.pathname.replace(/\/+$/, "");
    const tls = {
      ...(config.ca === undefined ? {} : { ca: config.ca }),
      ...(config.cert === undefined ? {} : { cert: config.cert }),
      ...(config.key === undefined ? {} : { key: config.key }),
      ...(config.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
      ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
    };
    // Streams have connections of their own, so that watches never hold up calls.
    const maxSockets = options.maxSockets ?? 32;
    const secure = this.#url.protocol === "https:";
    const agent = (more: object) =>
      secure ? new HttpsAgent({ ...tls, keepAlive: true, ...more }) : new HttpAgent({ keepAlive: true, ...more });
    this.#calls = agent({ maxSockets, maxFreeSockets: maxSockets, scheduling: "lifo" });
    this.#streams = agent({ maxFreeSockets: 2 });
    this.#token = options.tokenProvider ?? tokenSource(config, clock);
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#userAgent = options.userAgent ?? "coracle";
  }

  close(): void {
    this.#calls.destroy();
    this.#streams.destroy();
  }

  async send(request: RawRequest): ReturnType<Transport["send"]> {
    const response = await this.#open(request, this.#calls, this.#timeoutMs);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => reject(this.#failed(request, error)));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: headersOf(response),
          text: chunks.length === 1 ? chunks[0].toString("utf8") : Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
  }

  async stream(request: RawRequest): ReturnType<Transport["stream"]> {
    const response = await this.#open(request, this.#streams, 0);
    return { status: response.statusCode ?? 0, headers: headersOf(response), body: this.#chunks(request, response) };
  }

  async *#chunks(request: RawRequest, response: IncomingMessage): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of response) yield chunk as Uint8Array;
    } catch (error) {
      if (!request.signal?.aborted) throw this.#failed(request, error as Error);
    }
  }

  async #open(request: RawRequest, agent: HttpAgent, timeoutMs: number): Promise<IncomingMessage> {
    const source = this.#token();
    const token = source instanceof Promise ? await source : source;
    const headers: Record<string, string | number> = {
      accept: request.accept ?? "application/json",
      "user-agent": this.#userAgent,
    };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (request.body !== undefined) {
      headers["content-type"] = request.contentType ?? "application/json";
      headers["content-length"] = Buffer.byteLength(request.body);
    }
    const options: RequestOptions = {
      agent,
      method: request.method,
      host: this.#url.hostname.replace(/^\[|\]$/g, ""),
      port: this.#url.port || (this.#url.protocol === "https:" ? 443 : 80),
      path: this.#prefix + request.path,
      headers,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(timeoutMs > 0 ? { timeout: timeoutMs } : {}),
    };
    try {
      return await this.#dispatch(request, options, timeoutMs);
    } catch (error) {
      // The server may close a kept connection just as it is used again. Only reads are safe to send twice.
      const reused = (error as { reusedSocket?: boolean }).reusedSocket === true;
      if (!reused || request.method !== "GET" || request.signal?.aborted) throw error;
      return this.#dispatch(request, options, timeoutMs);
    }
  }

  #dispatch(request: RawRequest, options: RequestOptions, timeoutMs: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
      const outgoing = send(options, resolve);
      outgoing.on("error", (error) =>
        reject(Object.assign(this.#failed(request, error), { reusedSocket: outgoing.reusedSocket })),
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      outgoing.on("socket", (socket) => socket.setKeepAlive(true, 30_000));
      outgoing.end(request.body);
    });
  }

  #failed(request: RawRequest, cause: Error): Error {
    const path = request.path.replace(/\?.*/, "");
    return new Error(`${request.method} ${this.#url.origin}${this.#prefix}${path}: ${cause.message}`, { cause });
  }
}

function headersOf(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ");
  }
  return headers;
}

/** Gives the token to send: a constant, or a file's, which is read again each minute because it may be rotated. */
function tokenSource(config: ClientConfig, clock: Clock): () => Promise<string | undefined> | string | undefined {
  const { token, tokenFile } = config;
  if (tokenFile === undefined) return () => token;
  let cached = token;
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.now() - readAt < tokenCacheMs) return cached;
    try {
      cached = (await readFile(tokenFile, "utf8")).trim();
      readAt = clock.now();
    } catch (error) {
      if (cached === undefined) throw new Error(`cannot read the token file: ${(error as Error).message}`);
    }
    return cached;
  };
}
