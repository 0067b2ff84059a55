/** Which container on which node a connection is for (upstream: pkg/registry/core/pod/strategy.go). */
import { newBadRequest, newInternalError, newNotFound } from "../../apimachinery/errors.ts";
import type { Node, Pod } from "../../openapi/types/core-v1.ts";
import { nodes, pods } from "../../openapi/types/resources.ts";
import type { ResourceRequest } from "../request.ts";
import type { NodeAddress } from "./node-dialer.ts";

const podResource = { group: "", resource: "pods" };

/** The pod that the path names. Throws 404. */
export async function podOf({ server, info }: ResourceRequest): Promise<Pod> {
  const pod = await server.objects.get(pods, info.namespace, info.name);
  if (!pod) throw newNotFound(podResource, info.name);
  return pod as unknown as Pod;
}

/** The container that is meant: the named one, or the only one. Throws 400. */
export function containerOf(pod: Pod, wanted: string): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  const { name } = pod.metadata;
  if (wanted !== "") {
    if (names.includes(wanted)) return wanted;
    throw newBadRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  if (names.length === 1) return names[0];
  const chosen = pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  throw newBadRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(" ")}]`);
}

const addressTypes = ["InternalIP", "ExternalIP", "Hostname"];

/** Where the pod's node listens. Throws 404 where there is no such node, 500 where it says no address. */
export async function nodeAddressOf({ server }: ResourceRequest, pod: Pod): Promise<NodeAddress> {
  const name = pod.spec.nodeName ?? "";
  const node = (await server.objects.get(nodes, "", name)) as unknown as Node | undefined;
  // Upstream names the resource of the request here, not that of the node.
  if (!node) throw newNotFound(podResource, name);
  const { addresses = [], daemonEndpoints } = node.status ?? {};
  const host = addressTypes.map((type) => addresses.find((one) => one.type === type)?.address).find(Boolean);
  const port = daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  if (!host || port === 0) throw newInternalError(`node ${name} does not say where it can be reached`);
  return { host, port };
}
