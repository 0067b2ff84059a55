/** A client that calls the API core as a function: no socket, no TLS, one copy of the text. */
import { type Clock, systemClock } from "../apimachinery/clock.ts";
import { newRequestEntityTooLarge } from "../apimachinery/errors.ts";
import {
  type Handler,
  responseText,
  type ServerRequest,
  type ServerResponse,
  type UserInfo,
} from "../apimachinery/http.ts";
import { createRestClient, type RawRequest, type RestClient, type Transport } from "./rest.ts";

const encoder = new TextEncoder();
const never = new AbortController().signal;

/** A client of the handler that acts as `user`, who needs no credentials. `userAgent` names it in logs. */
export function createInProcessClient(
  handler: Handler,
  user: UserInfo,
  { clock = systemClock, userAgent = "coracle" }: { clock?: Clock; userAgent?: string } = {},
): RestClient {
  const transport: Transport = {
    async send(request) {
      const { status, headers, body } = await handler(serverRequest(request, user, userAgent));
      return { status, headers: singleHeaders(headers), text: await responseText(body) };
    },
    async stream(request) {
      const { status, headers, body } = await handler(serverRequest(request, user, userAgent));
      return { status, headers: singleHeaders(headers), body: bodyChunks(body) };
    },
  };
  return createRestClient(transport, clock);
}

function serverRequest(request: RawRequest, user: UserInfo, userAgent: string): ServerRequest {
  const headers: Record<string, string> = { accept: request.accept ?? "application/json", "user-agent": userAgent };
  if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
  return {
    method: request.method,
    path: request.path,
    header: (name) => headers[name],
    headerValues: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    headerNames: () => Object.keys(headers),
    async bytes(limit) {
      const bytes = encoder.encode(request.body ?? "");
      if (bytes.length > limit) throw newRequestEntityTooLarge(`limit is ${limit}`);
      return bytes;
    },
    signal: request.signal ?? never,
    user,
  };
}

function singleHeaders(headers: ServerResponse["headers"]): Record<string, string> {
  const single: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    single[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  }
  return single;
}

function bodyChunks(body: ServerResponse["body"]): AsyncIterable<string | Uint8Array> {
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return body;
  return (async function* () {
    yield body;
  })();
}
