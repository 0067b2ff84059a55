/** What a Service of its type needs: addresses, ports, policies (upstream: pkg/api/service and pkg/registry/core/service). */
import type { Service } from "../../../openapi/types/core-v1.ts";

/** The clusterIP of a headless Service. */
export const noClusterIP = "None";

/** A family of addresses. */
export type Family = "IPv4" | "IPv6";

/** The other family. */
export const otherFamily = (family: string): Family => (family === "IPv4" ? "IPv6" : "IPv4");

/** The family of an address or of a range. */
export const familyOf = (address: string): Family => (address.includes(":") ? "IPv6" : "IPv4");

/** Whether its type has cluster IPs ("None" counts). */
export const needsClusterIP = (service: Service) => service.spec?.type !== "ExternalName";

/** Whether its type has node ports. */
export const hasNodePorts = (service: Service) =>
  service.spec.type === "NodePort" || service.spec.type === "LoadBalancer";

/** Whether ports without a node port get one. */
export const allocatesNodePorts = (service: Service) =>
  service.spec.type === "NodePort" ||
  (service.spec.type === "LoadBalancer" && service.spec.allocateLoadBalancerNodePorts !== false);

/** Whether load balancers ask a port of its own about the health of a node. */
export const needsHealthCheck = (service: Service) =>
  service.spec.type === "LoadBalancer" && service.spec.externalTrafficPolicy === "Local";

/** Whether it is reached from outside of the cluster. */
export function externallyAccessible({ spec }: Service): boolean {
  if (spec.type === "LoadBalancer" || spec.type === "NodePort") return true;
  return spec.type === "ClusterIP" && (spec.externalIPs ?? []).length > 0;
}

/** Whether its names resolve to the pods themselves. */
export const isHeadless = ({ spec }: Service) => spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === noClusterIP;

/** Whether both have the same cluster IPs. */
export function sameClusterIPs(a: Service, b: Service): boolean {
  return (a.spec.clusterIP ?? "") === (b.spec.clusterIP ?? "") && sameTexts(a.spec.clusterIPs, b.spec.clusterIPs);
}

/** Whether both have the same families. */
export const sameFamilies = (a: Service, b: Service) => sameTexts(a.spec.ipFamilies, b.spec.ipFamilies);

/** Whether two lists hold the same texts in the same order; an absent one is empty. */
function sameTexts(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

/** The node ports of its ports, without those that have none. */
export const nodePortsOf = (service: Service) =>
  (service.spec.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : []));
