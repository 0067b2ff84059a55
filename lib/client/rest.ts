/** What both clients share: paths, queries, media types, and how answers are read (upstream: client-go/rest). */
import type { Clock } from "../apimachinery/clock.ts";
import { failure, type Status, StatusError } from "../apimachinery/errors.ts";
import { responseText } from "../apimachinery/http.ts";
import type { Draft, KubeObject, Resource } from "../apimachinery/meta.ts";
import { apiVersionOf } from "../apimachinery/meta.ts";
import type {
  Client,
  DeleteOptions,
  ListQuery,
  ObjectList,
  ObjectName,
  PatchType,
  WatchEvent,
  WatchQuery,
  WriteOptions,
} from "./interface.ts";
import { readLines } from "./lines.ts";

/** One call on the wire. `path` has the query; `body` is sent as `contentType` (JSON where absent). */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/**
 * The head of an answer, and its body as it arrives. Not reading the body to its end keeps the connection busy: abort.
 */
export interface RawResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<string | Uint8Array>;
}

/** Carries calls to a server. Rejects with an Error (no StatusError) where there is no answer. */
export interface Transport {
  /** The whole answer as text. */
  send(request: RawRequest): Promise<{ status: number; headers: Readonly<Record<string, string>>; text: string }>;
  /** The answer as soon as its head is there. The signal ends it. */
  stream(request: RawRequest): Promise<RawResponse>;
}

/** A client that also gives answers unread: logs, metrics, proxied paths. */
export interface RestClient extends Client {
  /** Rejects with StatusError unless the status is 2xx. */
  rawRequest(request: RawRequest): Promise<RawResponse>;
}

const patchMediaTypes: Readonly<Record<PatchType, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** `/api/v1/namespaces/NS/pods`, `/apis/apps/v1/deployments`, ...; with a name, that object's or subresource's path. */
export function resourcePath(
  resource: Resource,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  let path = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (resource.namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${resource.resource}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

/** `?a=b&c=d` of what is set, or "". */
export function queryText(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  let text = "";
  for (const key of Object.keys(query)) {
    const value = query[key];
    if (value === undefined || value === "" || value === false) continue;
    text += `${text === "" ? "?" : "&"}${key}=${encodeURIComponent(value)}`;
  }
  return text;
}

/** The StatusError of an answer that is no success: the Status in its body, or one made from code and text. */
export function errorOf(status: number, text: string): StatusError {
  try {
    const parsed = JSON.parse(text) as Status;
    if (parsed.kind === "Status") return new StatusError({ ...parsed, code: parsed.code ?? status });
  } catch {
    // No JSON: the text is the message.
  }
  const reason = reasons[status] ?? (status >= 500 ? "InternalError" : "");
  return failure(status, reason, text.trim() || `the server answered with status ${status}`);
}

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** How often a call is sent again when the server says when (429 and 5xx with Retry-After), as client-go does. */
const maxRetries = 10;

/** The client of a transport. `clock` waits for what a server's Retry-After says. */
export function createRestClient(transport: Transport, clock: Clock): RestClient {
  return new TransportClient(transport, clock);
}

class TransportClient implements RestClient {
  readonly #transport: Transport;
  readonly #clock: Clock;

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  async #send(request: RawRequest): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const { status, headers, text } = await this.#transport.send(request);
      if (status >= 200 && status < 300) return text;
      const seconds = Number(headers["retry-after"]);
      const again = (status === 429 || status >= 500) && seconds > 0 && attempt < maxRetries;
      if (!again) throw errorOf(status, text);
      await this.#clock.sleep(seconds * 1000, request.signal);
    }
  }

  async #call<A>(method: string, path: string, body?: unknown, contentType?: string, accept?: string): Promise<A> {
    const text = await this.#send({
      method,
      path,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(accept === undefined ? {} : { accept }),
    });
    return (text === "" ? undefined : JSON.parse(text)) as A;
  }

  get<T extends KubeObject>(resource: Resource<T>, { namespace, name }: ObjectName): Promise<T> {
    return this.#call("GET", resourcePath(resource, namespace, name));
  }

  async list<T extends KubeObject>(resource: Resource<T>, query: ListQuery = {}): Promise<ObjectList<T>> {
    const { namespace, ...rest } = query;
    const path = resourcePath(resource, namespace) + queryText({ ...rest });
    const list = await this.#call<{ metadata: { resourceVersion: string; continue?: string }; items: T[] | null }>(
      "GET",
      path,
    );
    const items = list.items ?? [];
    const apiVersion = apiVersionOf(resource);
    for (const item of items) {
      item.kind ??= resource.kind;
      item.apiVersion ??= apiVersion;
    }
    const { resourceVersion, continue: next } = list.metadata;
    return { items, resourceVersion, ...(next ? { continue: next } : {}) };
  }

  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    const { namespace = "default", name } = object.metadata;
    const { subresource } = options;
    const path = resourcePath(resource, namespace, subresource ? name : undefined, subresource);
    return this.#call("POST", path + writeQuery(options), typed(resource, object, subresource));
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    const path = resourcePath(resource, namespace, name, options.subresource);
    return this.#call("PUT", path + writeQuery(options), typed(resource, object, options.subresource));
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    { namespace, name }: ObjectName,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { readonly force?: boolean } = {},
  ): Promise<T> {
    const path = resourcePath(resource, namespace, name, options.subresource);
    return this.#call("PATCH", path + writeQuery(options), patch, patchMediaTypes[type]);
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    { namespace, name }: ObjectName,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#send({
      method: "DELETE",
      path: resourcePath(resource, namespace, name),
      ...(Object.keys(options).length === 0 ? {} : { body: JSON.stringify(deleteBody(options)) }),
    });
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    query: WatchQuery,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const { namespace, ...rest } = query;
    const path = resourcePath(resource, namespace) + queryText({ watch: true, ...rest });
    const response = await this.rawRequest({ method: "GET", path, signal });
    for await (const line of readLines(response.body, signal)) {
      const event = JSON.parse(line) as WatchEvent<T> | { type: "ERROR"; object: Status };
      if (event.type === "ERROR") throw new StatusError(event.object);
      yield event;
    }
  }

  createSubresource<A>(resource: Resource, name: ObjectName, subresource: string, body: unknown): Promise<A> {
    return this.#call("POST", resourcePath(resource, name.namespace, name.name, subresource), body);
  }

  request<A>(method: string, path: string, body?: unknown, options: { readonly accept?: string } = {}): Promise<A> {
    return this.#call(method, path, body, undefined, options.accept);
  }

  async rawRequest(request: RawRequest): Promise<RawResponse> {
    const response = await this.#transport.stream(request);
    if (response.status >= 200 && response.status < 300) return response;
    throw errorOf(response.status, await responseText(response.body));
  }
}

/** The object with its kind and apiVersion, which the server wants; a subresource's body may be of another kind. */
function typed<T extends { kind?: string; apiVersion?: string }>(
  resource: Resource,
  object: T,
  subresource: string | undefined,
): T {
  const known = object.kind !== undefined && object.apiVersion !== undefined;
  if (known || (subresource !== undefined && subresource !== "status")) return object;
  return { kind: resource.kind, apiVersion: apiVersionOf(resource), ...object };
}

function writeQuery({ fieldManager, dryRun, force }: WriteOptions & { readonly force?: boolean }): string {
  return queryText({ fieldManager, dryRun: dryRun ? "All" : undefined, force });
}

function deleteBody({ uid, resourceVersion, propagationPolicy, gracePeriodSeconds }: DeleteOptions): unknown {
  return {
    kind: "DeleteOptions",
    apiVersion: "v1",
    ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
}
