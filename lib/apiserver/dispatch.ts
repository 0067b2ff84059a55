/** From a request to a resource to the handler of its verb. */
import { failure, newBadRequest, newGenericNotFound } from "../apimachinery/errors.ts";
import type { ServerRequest, ServerResponse, UserInfo } from "../apimachinery/http.ts";
import { isValidPathSegmentName } from "../apimachinery/validation/names.ts";
import { connections, refuseConnection } from "./connectors/unserved.ts";
import { warnOfDeprecation } from "./deprecations.ts";
import type { Endpoint } from "./endpoint.ts";
import { create } from "./handlers/create.ts";
import { deleteOne } from "./handlers/delete.ts";
import { deleteCollection } from "./handlers/deletecollection.ts";
import { get } from "./handlers/get.ts";
import { list } from "./handlers/list.ts";
import { patch } from "./handlers/patch.ts";
import { getScale, updateScale } from "./handlers/scale.ts";
import { createSubresource } from "./handlers/subresource.ts";
import { update } from "./handlers/update.ts";
import { watch } from "./handlers/watch.ts";
import { type Negotiated, negotiate, wantsPretty } from "./negotiation.ts";
import { listForms, objectForms, type ResourceRequest, reviewForms, watchForms } from "./request.ts";
import type { RequestInfo } from "./request-info.ts";
import { pageNotFound } from "./respond.ts";
import type { ServerContext } from "./server-context.ts";

/** Answers one subresource in a way of its own (pods' log, exec, ...): a connection rather than an object. */
export type Connector = (request: ResourceRequest) => Promise<ServerResponse>;

const methodNotAllowed = () =>
  failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

const methodVerbs: Record<string, string> = {
  GET: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Answers a request to the resource API. `connectors` are by `resource/subresource`. Throws StatusError. */
export async function dispatch(
  server: ServerContext,
  request: ServerRequest,
  info: RequestInfo,
  user: UserInfo,
  connectors: Readonly<Record<string, Connector>>,
): Promise<ServerResponse> {
  if (!server.endpoints.hasGroup(info.group)) return pageNotFound;
  const endpoint = server.endpoints.find(info.group, info.version, info.resource);
  if (!endpoint || !isPlace(endpoint, info)) throw newGenericNotFound();
  // The path of a namespace counts as within it, for authorization; what is stored has no namespace.
  const own = endpoint.info.namespaced || info.namespace === "" ? info : { ...info, namespace: "" };
  const resourceRequest: ResourceRequest = { server, request, info: own, endpoint, user };
  return warnOfDeprecation(endpoint, request, () => answer(resourceRequest, connectors));
}

function answer(
  resourceRequest: ResourceRequest,
  connectors: Readonly<Record<string, Connector>>,
): Promise<ServerResponse> {
  const { endpoint, info, request } = resourceRequest;
  checkName(info.name);
  if (info.subresource !== "") return subresource(resourceRequest, connectors);
  if (info.verb === "create" && info.namespace === "" && endpoint.info.namespaced) throw methodNotAllowed();
  const { verbs } = endpoint.info;
  const method = methodVerbs[request.method];
  const onObject = info.name !== "" && (request.method !== "GET" || info.verb === "get");
  const verb = request.method === "GET" || request.method === "DELETE" ? info.verb : method;
  if (method === undefined || !verbs.includes(verb) || !fits(verb, onObject)) throw methodNotAllowed();
  return handler(verb)(resourceRequest, negotiated(resourceRequest, verb));
}

/** Throws 400 for a name that could not stand in a path. */
function checkName(name: string): void {
  const problems = name === "" ? [] : isValidPathSegmentName(name);
  if (problems.length > 0) throw newBadRequest(`Name parameter invalid: "${name}": ${problems.join(";")}`);
}

/** Whether the path has a namespace where the resource has one, and none where it has none. */
function isPlace({ info }: Endpoint, { namespace, name, resource, verb }: RequestInfo): boolean {
  if (info.namespaced) return namespace !== "" || name === "" || verb === "list" || verb === "watch";
  return namespace === "" || resource === "namespaces";
}

function fits(verb: string, onObject: boolean): boolean {
  const collectionVerbs = ["create", "list", "watch", "deletecollection"];
  return collectionVerbs.includes(verb) ? !onObject || verb === "list" || verb === "watch" : onObject;
}

type Handle = (request: ResourceRequest, form: Negotiated) => Promise<ServerResponse>;

const handlers: Record<string, Handle> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
};

const handler = (verb: string): Handle => handlers[verb];

const isListing = (verb: string) => verb === "list" || verb === "deletecollection";

function negotiated({ request, info, endpoint }: ResourceRequest, verb: string): Negotiated {
  return negotiate(request.header("accept"), formsOf(endpoint, verb), wantsPretty(request, info.query));
}

function formsOf({ strategy }: Endpoint, verb: string): readonly string[] {
  if (strategy.review) return reviewForms;
  if (verb === "watch") return watchForms;
  return isListing(verb) ? listForms : objectForms;
}

async function subresource(
  request: ResourceRequest,
  connectors: Readonly<Record<string, Connector>>,
): Promise<ServerResponse> {
  const { endpoint, info } = request;
  const facts = endpoint.info.subresources[info.subresource];
  if (!facts || info.namespace === "" ? !facts || endpoint.info.namespaced : false) throw newGenericNotFound();
  const { method } = request.request;
  const verb = methodVerbs[method];
  if (verb === undefined || !facts.verbs.includes(verb)) throw methodNotAllowed();
  if (info.rest.length > 0 && info.subresource !== "proxy") throw newGenericNotFound();
  const connector = connectors[`${endpoint.info.resource}/${info.subresource}`];
  if (connector) return connector(request);
  if (connections.has(info.subresource)) return refuseConnection(request);
  const form = negotiated(request, verb);
  const { scale } = endpoint.strategy;
  if (info.subresource === "scale" && scale) {
    if (verb === "get") return getScale(request, scale, form);
    return verb === "update" ? updateScale(request, scale, form) : patch(request, form);
  }
  if (verb === "get") return get(request, form);
  if (verb === "create") return createSubresource(request, form);
  return verb === "update" ? update(request, form) : patch(request, form);
}
