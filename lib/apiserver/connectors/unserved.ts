/**
 * Connections into pods, services and nodes that nothing serves: upstream's refusals come first (nothing there, nowhere to
 * connect to), then 404.
 */
import { failure, newBadRequest, newGenericNotFound, newNotFound } from "../../apimachinery/errors.ts";
import type { Endpoints } from "../../openapi/types/core-v1.ts";
import { endpoints, services } from "../../openapi/types/resources.ts";
import type { ResourceRequest } from "../request.ts";
import { containerOf, nodeAddressOf, podOf } from "./pod-target.ts";

type Refuse = (request: ResourceRequest) => Promise<void>;

/** The container is looked for before the node. */
const intoContainer: Refuse = async (request) => {
  const pod = await podOf(request);
  containerOf(pod, request.info.query.get("container") ?? "");
  await intoPod(request);
};

const intoPod: Refuse = async (request) => {
  const pod = await podOf(request);
  if (!pod.spec.nodeName) throw newBadRequest(`pod ${request.info.name} does not have a host assigned`);
  await nodeAddressOf(request, pod);
};

const toPod: Refuse = async (request) => {
  const pod = await podOf(request);
  if (!pod.status?.podIP) throw newBadRequest("address not allowed");
};

/** `name`, `name:port` and `scheme:name:port` are one Service. */
const toService: Refuse = async ({ server, info }) => {
  const parts = info.name.split(":");
  const name = parts.length === 3 ? parts[1] : parts[0];
  const found =
    (await server.objects.get(services, info.namespace, name)) &&
    (await server.objects.get(endpoints, info.namespace, name));
  if (!found) throw newNotFound({ group: "", resource: "services" }, name);
  const { subsets = [] } = found as unknown as Endpoints;
  if (subsets.some(({ addresses = [] }) => addresses.length > 0)) return;
  throw failure(503, "ServiceUnavailable", `no endpoints available for service ${JSON.stringify(name)}`);
};

const refusals: Readonly<Record<string, Refuse>> = {
  "pods/exec": intoContainer,
  "pods/attach": intoContainer,
  "pods/portforward": intoPod,
  "pods/proxy": toPod,
  "services/proxy": toService,
};

/** Subresources that are connections: they must never fall to the object itself, whose rules would not be applied. */
export const connections: ReadonlySet<string> = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** Throws what upstream finds wrong with what is asked for before it connects. */
export async function checkConnection(request: ResourceRequest): Promise<void> {
  const { server, endpoint, info } = request;
  const refuse = refusals[`${endpoint.info.resource}/${info.subresource}`];
  if (refuse) await refuse(request);
  else await server.resources.getText(endpoint, info.namespace, info.name);
}

/** Throws what is wrong with what is asked for; where nothing is, 404. */
export async function refuseConnection(request: ResourceRequest): Promise<never> {
  await checkConnection(request);
  throw newGenericNotFound();
}
