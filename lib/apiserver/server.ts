/**
 * The API server as one function from a request to a response: authentication, impersonation, authorization, then a
 * route or a resource's handler. It runs behind HTTPS, in a Lambda and in a test alike.
 */
import { type Clock, type Random, systemClock, systemRandom } from "../apimachinery/clock.ts";
import { newRequestEntityTooLarge, newUnauthorized, StatusError } from "../apimachinery/errors.ts";
import type { Handler, ServerRequest, ServerResponse, UserInfo } from "../apimachinery/http.ts";
import type { DiscoveryGroup } from "../openapi/discovery.ts";
import type { ClusterConfig, Objects, Strategy, StrategyContext } from "../registry/strategy.ts";
import type { Store } from "../storage/interface.ts";
import type { AdmissionPlugin } from "./admission/plugin.ts";
import { AdmissionChain } from "./admission-chain.ts";
import type { Authenticator } from "./authentication/authenticator.ts";
import { requestAttributes } from "./authorization/attributes.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import { forbidden } from "./authorization/index.ts";
import { conversions } from "./conversions.ts";
import { type Connector, dispatch } from "./dispatch.ts";
import { EndpointTable } from "./endpoint-table.ts";
import type { RequestMetrics } from "./metrics.ts";
import { failureForm } from "./negotiation.ts";
import { ServerObjects } from "./objects.ts";
import { type RequestInfo, requestInfo } from "./request-info.ts";
import { ResourceStore } from "./resource-store.ts";
import { failureResponse, pageNotFound } from "./respond.ts";
import type { Route } from "./routes.ts";
import type { ServerContext } from "./server-context.ts";

/** Acts as someone else where the request's headers ask for it. Throws 403 and 400. */
export type Impersonation = (request: ServerRequest, info: RequestInfo, user: UserInfo) => Promise<UserInfo>;

/** What a server is made of. */
export interface ApiServerOptions {
  readonly cluster: string;
  readonly store: Store;
  readonly strategies: Readonly<Record<string, Strategy>>;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly impersonation?: Impersonation;
  readonly admission: readonly AdmissionPlugin[];
  readonly config: ClusterConfig;
  /** Groups served beside the built-in ones; the routes of discovery and OpenAPI must tell of them too. */
  readonly moreGroups?: readonly DiscoveryGroup[];
  /** In order; the first that answers wins. */
  readonly routes: readonly Route[];
  /** Subresources that are connections, by `resource/subresource`. */
  readonly connectors?: Readonly<Record<string, Connector>>;
  /** Parts of the strategies' context that identity adds (token signer, rule resolver, ...). */
  readonly strategyExtras?: (server: ApiServer) => Partial<StrategyContext>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** @default 14 minutes */
  readonly maxWatchMs?: number;
  /** @default a minute */
  readonly bookmarkMs?: number;
  /** Told of every request for a resource. */
  readonly metrics?: RequestMetrics;
  /** Told of errors that clients are not told about. */
  readonly logError?: (error: unknown, request: string) => void;
}

/** A running server. */
export interface ApiServer {
  readonly handle: Handler;
  /** The same for a web-standard Request. */
  fetch(request: Request): Promise<Response>;
  readonly objects: Objects;
  readonly context: ServerContext;
  readonly authorizer: Authorizer;
  readonly authenticator: Authenticator;
  /** Ends watches. The store is the caller's. */
  close(): void;
}

/** Makes a server. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { cluster, store, config, clock = systemClock, random = systemRandom } = options;
  const closing = new AbortController();
  const objects: Objects = new ServerObjects(() => context);
  let extras: Partial<StrategyContext> | undefined;
  const context: ServerContext = {
    clock,
    random,
    config,
    resources: new ResourceStore(store, clock, random),
    endpoints: new EndpointTable(cluster, options.strategies, conversions, options.moreGroups),
    admission: new AdmissionChain(options.admission),
    objects,
    maxWatchMs: options.maxWatchMs ?? 14 * 60_000,
    bookmarkMs: options.bookmarkMs ?? 60_000,
    closing: closing.signal,
    strategyContext: (user, version, dryRun) => {
      extras ??= options.strategyExtras?.(server) ?? {};
      return { clock, random, config, objects, user, version, dryRun, ...extras };
    },
  };
  const respond = async (request: ServerRequest, info: RequestInfo) => {
    try {
      return await answer(options, context, request, info);
    } catch (error) {
      if (!(error instanceof StatusError)) options.logError?.(error, `${request.method} ${info.path}`);
      return failureResponse(error, failureForm(request));
    }
  };
  const { metrics } = options;
  const handle: Handler = async (request) => {
    const info = requestInfo(request.method, request.path);
    if (!metrics || !info.isResource) return respond(request, info);
    const start = clock.now();
    const response = await respond(request, info);
    const endpoint = context.endpoints.find(info.group, info.version, info.resource);
    metrics.observe(info, endpoint, response.status, (clock.now() - start) / 1_000);
    return response;
  };
  const server: ApiServer = {
    handle,
    fetch: (request) => fetchThrough(handle, request),
    objects,
    context,
    authorizer: options.authorizer,
    authenticator: options.authenticator,
    close: () => closing.abort(),
  };
  return server;
}

async function answer(
  options: ApiServerOptions,
  context: ServerContext,
  request: ServerRequest,
  info: RequestInfo,
): Promise<ServerResponse> {
  let user = request.user ?? (await options.authenticator.authenticate(request));
  if (!user) throw newUnauthorized();
  if (options.impersonation) user = await options.impersonation(request, info, user);
  const attributes = requestAttributes(info, user);
  const { authorizer, connectors = {} } = options;
  // A read of who was allowed a moment ago goes on beside the look whether that still holds; without it nothing is said.
  const isAhead = isRead(info) && authorizer.expects?.(attributes);
  const ahead = isAhead ? dispatch(context, request, info, user, connectors) : undefined;
  ahead?.catch(() => undefined);
  const { decision, reason } = await authorizer.authorize(attributes);
  if (decision !== "allow") throw forbidden(attributes, reason);
  if (info.isResource) return ahead ?? dispatch(context, request, info, user, connectors);
  for (const route of options.routes) {
    const response = await route(request, info);
    if (response) return response;
  }
  return pageNotFound;
}

/** Whether it changes nothing and ends by itself. */
function isRead({ isResource, verb, subresource }: RequestInfo): boolean {
  return isResource && (verb === "get" || verb === "list") && subresource === "";
}

async function fetchThrough(handle: Handler, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const response = await handle({
    method: request.method,
    path: url.pathname + url.search,
    header: (name) => request.headers.get(name) ?? undefined,
    headerValues: (name) => request.headers.get(name)?.split(", ") ?? [],
    headerNames: () => [...request.headers.keys()],
    async bytes(limit) {
      const bytes = new Uint8Array(await request.arrayBuffer());
      if (bytes.length > limit) throw newRequestEntityTooLarge(`limit is ${limit}`);
      return bytes;
    },
    signal: request.signal,
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    for (const one of typeof value === "string" ? [value] : value) headers.append(name, one);
  }
  const { status, body } = response;
  if (typeof body === "string" || body instanceof Uint8Array)
    return new Response(Buffer.from(body), { status, headers });
  const encoder = new TextEncoder();
  const bytes = async function* () {
    for await (const chunk of body) yield typeof chunk === "string" ? encoder.encode(chunk) : chunk;
  };
  return new Response(ReadableStream.from(bytes()), { status, headers });
}
