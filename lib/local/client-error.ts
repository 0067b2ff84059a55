/**
 * Requests that Node.js's parser refuses. It knows a fixed list of methods; upstream takes any token and says in a
 * Status that the method is not allowed, to those who may know. So a request that only its method makes unreadable is
 * read here.
 */
import { STATUS_CODES } from "node:http";
import type { TLSSocket } from "node:tls";
import {
  type ClientCertificate,
  type Handler,
  responseText,
  type ServerRequest,
  type ServerResponse,
} from "../apimachinery/http.ts";

/** What the event `clientError` tells: the parser's code, and the bytes that it was given. */
export interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** Statuses of what the parser refuses, as Node.js gives them; anything else is 400. */
const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Those that have their answer; what they still send is refused by the parser again and again. */
const answered = new WeakSet<TLSSocket>();

/** How long the client may take to read the answer; a connection closed while it still sends would lose it. */
const lingerMs = 1_000;

/** Answers and ends the connection: where the next request begins is not known. `handler` judges unknown methods. */
export async function answerClientError(
  handler: Handler,
  error: ClientError,
  socket: TLSSocket,
  certificate: () => ClientCertificate | undefined,
): Promise<void> {
  if (answered.has(socket)) return;
  answered.add(socket);
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  setTimeout(() => socket.destroy(), lingerMs).unref();
  const request = error.code === "HPE_INVALID_METHOD" && error.rawPacket ? readHead(error.rawPacket) : undefined;
  if (!request) {
    socket.end(head(statuses[error.code ?? ""] ?? 400, {}));
    return;
  }
  const gone = new AbortController();
  socket.once("close", () => gone.abort());
  const answer = await handler({
    ...request,
    signal: gone.signal,
    certificate: certificate(),
    remoteAddress: socket.remoteAddress,
  });
  const body = await responseText(answer.body);
  socket.end(head(answer.status, { ...answer.headers, "Content-Length": String(Buffer.byteLength(body)) }) + body);
}

const requestLine = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.1$/;
const headerLine = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/;

type Head = Omit<ServerRequest, "signal">;

/** The request at the beginning of the bytes, without its body; undefined where it is unreadable for other reasons. */
export function readHead(packet: Buffer): Head | undefined {
  const text = packet.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  const [, method, path] = requestLine.exec(first) ?? [];
  if (method === undefined) return undefined;
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined) return undefined;
    const values = headers.get(name.toLowerCase());
    if (values) values.push(value);
    else headers.set(name.toLowerCase(), [value]);
  }
  return {
    method,
    path,
    header: (name) => headers.get(name)?.join(", "),
    headerValues: (name) => headers.get(name) ?? [],
    headerNames: () => [...headers.keys()],
    bytes: async () => new Uint8Array(),
  };
}

function head(status: number, headers: ServerResponse["headers"]): string {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}Connection: close\r\n\r\n`;
}
