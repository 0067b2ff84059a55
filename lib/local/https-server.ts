/** Serves the API core over HTTPS: client certificates, keep-alive, streams with back-pressure, a clean end. */

import type { IncomingMessage, ServerResponse as NodeResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { newRequestEntityTooLarge } from "../apimachinery/errors.ts";
import type { ClientCertificate, Handler, ServerRequest, ServerResponse } from "../apimachinery/http.ts";
import { answerClientError } from "./client-error.ts";
import { UserError } from "./user-error.ts";

/** What a server needs. PEM texts. */
export interface HttpsServerOptions {
  readonly handler: Handler;
  readonly key: string;
  readonly certificate: string;
  /** The CA that client certificates must come from. */
  readonly clientCa: string;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
}

/** A listening server. */
export interface HttpsServer {
  readonly port: number;
  /** Ends: no new requests, those on their way get a moment. */
  close(): Promise<void>;
}

/** How long requests on their way may take at the end. */
const closeGraceMs = 1_000;

/** Listens. Throws UserError where the port is taken. */
export async function serveHttps(options: HttpsServerOptions): Promise<HttpsServer> {
  const { key, certificate, clientCa, handler } = options;
  const server = createServer(
    { key, cert: certificate, ca: clientCa, requestCert: true, rejectUnauthorized: false, keepAliveTimeout: 90_000 },
    (request, response) => {
      serve(handler, request, response).catch(() => response.destroy());
    },
  );
  server.on("clientError", (error, socket) => {
    const connection = socket as TLSSocket;
    answerClientError(handler, error, connection, () => certificateOf(connection)).catch(() => socket.destroy());
  });
  server.requestTimeout = 0;
  server.headersTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
    server.listen(options.port, options.address, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), closeGraceMs).unref();
      }),
  };
}

function listenError(error: NodeJS.ErrnoException, { address, port }: HttpsServerOptions): Error {
  if (error.code === "EADDRINUSE") {
    return new UserError(
      `port ${port} of ${address} is in use`,
      "choose another with --port PORT, or any free one with --port 0",
    );
  }
  if (error.code === "EACCES")
    return new UserError(`port ${port} may not be opened`, "choose one above 1023 with --port PORT");
  return error;
}

const certificates = new WeakMap<TLSSocket, ClientCertificate | undefined>();

/** The certificate that the client showed, if the CA has signed it; read once a connection. */
function certificateOf(socket: TLSSocket): ClientCertificate | undefined {
  if (certificates.has(socket)) return certificates.get(socket);
  const certificate = socket.authorized ? clientCertificate(socket.getPeerCertificate()) : undefined;
  certificates.set(socket, certificate);
  return certificate;
}

function clientCertificate({ subject, fingerprint256 }: PeerCertificate): ClientCertificate | undefined {
  if (!subject?.CN) return undefined;
  const organizations = subject.O as string | string[] | undefined;
  const list = organizations === undefined ? [] : Array.isArray(organizations) ? organizations : [organizations];
  const name = subject.CN as string | string[];
  const fingerprint = fingerprint256.replaceAll(":", "").toLowerCase();
  return { commonName: Array.isArray(name) ? name[0] : name, organizations: list, fingerprint };
}

class Request implements ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly #request: IncomingMessage;
  readonly #response: NodeResponse;
  #signal: AbortSignal | undefined;

  constructor(request: IncomingMessage, response: NodeResponse) {
    this.method = request.method ?? "GET";
    this.path = request.url ?? "/";
    this.#request = request;
    this.#response = response;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  headerValues(name: string): readonly string[] {
    return this.#request.headersDistinct[name] ?? [];
  }

  headerNames(): readonly string[] {
    return Object.keys(this.#request.headers);
  }

  get certificate(): ClientCertificate | undefined {
    return certificateOf(this.#request.socket as TLSSocket);
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  /** Made when first asked for: most requests never do. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    const controller = new AbortController();
    this.#response.once("close", () => controller.abort());
    if (this.#response.destroyed) controller.abort();
    this.#signal = controller.signal;
    return controller.signal;
  }

  bytes(limit: number): Promise<Uint8Array> {
    const { headers } = this.#request;
    const tooLarge = () => newRequestEntityTooLarge(`limit is ${limit}`);
    if (Number(headers["content-length"] ?? 0) > limit) return Promise.reject(tooLarge());
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      this.#request.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= limit) chunks.push(chunk);
      });
      this.#request.on("end", () => {
        if (size > limit) reject(tooLarge());
        else resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      });
      this.#request.on("error", reject);
    });
  }
}

async function serve(handler: Handler, request: IncomingMessage, response: NodeResponse): Promise<void> {
  const answer = await handler(new Request(request, response));
  // A body that nobody has read would block the connection.
  if (!request.complete) request.resume();
  const { body } = answer;
  if (typeof body === "string" || body instanceof Uint8Array) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    response.writeHead(answer.status, {
      ...(answer.headers as Record<string, string>),
      "Content-Length": bytes.length,
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
    return;
  }
  await stream(answer, body, response);
}

/** Sends the head at once and each chunk as it comes, waiting while the client is slow. */
async function stream(
  { status, headers }: ServerResponse,
  body: AsyncIterable<string | Uint8Array>,
  response: NodeResponse,
) {
  response.writeHead(status, headers as Record<string, string>);
  response.flushHeaders();
  for await (const chunk of body) {
    if (response.destroyed) break;
    if (chunk.length === 0 || response.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const done = () => {
        response.off("drain", done);
        response.off("close", done);
        resolve();
      };
      response.once("drain", done);
      response.once("close", done);
    });
  }
  response.end();
}
