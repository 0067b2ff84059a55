/** A pod as the endpoint of a Service (upstream: k8s.io/endpointslice/utils.go). */
import { deepEqual } from "../../apimachinery/equality.ts";
import type { Node, Pod, Service, ServicePort } from "../../openapi/types/core-v1.ts";
import type { Endpoint, EndpointHints, EndpointPort } from "../../openapi/types/discovery-v1.ts";
import { isPodReady, isPodTerminal } from "../pod-status.ts";

/** The kinds of addresses that a slice may have for a Service. */
export type AddressType = "IPv4" | "IPv6";

const zoneLabel = "topology.kubernetes.io/zone";

/** The zone of a node. */
export function zoneOf(node: Node): string | undefined {
  return node.metadata.labels?.[zoneLabel];
}

/** Whether a pod has what an endpoint needs: an address, and containers that have not ended for good. */
export function hasEndpoint(pod: Pod): boolean {
  return !isPodTerminal(pod) && (pod.status?.podIPs?.length ?? 0) > 0;
}

/** The pod's addresses of a type. */
export function addressesOf(pod: Pod, type: AddressType): string[] {
  const ips = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  return ips.filter((ip) => ip.includes(":") === (type === "IPv6"));
}

/** The endpoint of a pod; it may have no addresses. */
export function endpointOf(pod: Pod, node: Node | undefined, service: Service, type: AddressType): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const { namespace, name, uid } = pod.metadata;
  const zone = node === undefined ? undefined : zoneOf(node);
  const { hostname, subdomain, nodeName } = pod.spec;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const hints = ready ? hintsFor(service, zone, nodeName) : undefined;
  return {
    addresses: addressesOf(pod, type),
    conditions: { ready, serving, terminating },
    ...(hints === undefined ? {} : { hints }),
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
}

/** From where an endpoint is best used, if the Service wants that said (upstream: k8s.io/endpointslice/trafficdist). */
function hintsFor(service: Service, zone: string | undefined, node: string | undefined): EndpointHints | undefined {
  const { trafficDistribution = "" } = service.spec ?? {};
  const { annotations = {} } = service.metadata;
  // The older annotation asks for hints by another rule and wins over the field.
  const mode =
    annotations["service.kubernetes.io/topology-aware-hints"] ?? annotations["service.kubernetes.io/topology-mode"];
  if (mode === "Auto" || mode === "auto") return undefined;
  if (!["PreferClose", "PreferSameZone", "PreferSameNode"].includes(trafficDistribution)) return undefined;
  const forNodes = trafficDistribution === "PreferSameNode" && node ? [{ name: node }] : undefined;
  if (!zone && forNodes === undefined) return undefined;
  return { ...(zone ? { forZones: [{ name: zone }] } : {}), ...(forNodes === undefined ? {} : { forNodes }) };
}

/** The ports that the Service has on a pod; a named target port that the pod lacks is left out. */
export function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const servicePort of service.spec?.ports ?? []) {
    const port = targetPort(pod, servicePort);
    if (port === undefined) continue;
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    ports.push({ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) });
  }
  return ports;
}

function targetPort(pod: Pod, { port, targetPort = port, protocol = "TCP" }: ServicePort): number | undefined {
  if (typeof targetPort === "number") return targetPort;
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  for (const container of [...pod.spec.containers, ...sidecars]) {
    const found = container.ports?.find((one) => one.name === targetPort && (one.protocol ?? "TCP") === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/** The same for equal lists of ports, in whatever order. */
export function portsKey(ports: readonly EndpointPort[]): string {
  const texts = ports.map(({ name = "", port, protocol = "TCP", appProtocol = "" }) =>
    [name, port, protocol, appProtocol].join("/"),
  );
  return texts.sort().join(",");
}

/** The same for what is one endpoint though its conditions differ. */
export function endpointKey({ addresses, hostname = "", targetRef }: Endpoint): string {
  return [[...addresses].sort().join(","), hostname, targetRef?.namespace, targetRef?.name].join(" ");
}

/** Whether two endpoints of one key are the same in everything else. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    deepEqual(a.conditions, b.conditions) &&
    deepEqual(a.hints, b.hints) &&
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    a.targetRef?.kind === b.targetRef?.kind &&
    a.targetRef?.uid === b.targetRef?.uid
  );
}

/** Whether a change of a pod changes what its endpoint is. */
export function endpointChanged(old: Pod, pod: Pod): boolean {
  return (
    (old.metadata.deletionTimestamp === undefined) !== (pod.metadata.deletionTimestamp === undefined) ||
    isPodReady(old) !== isPodReady(pod) ||
    isPodTerminal(old) !== isPodTerminal(pod) ||
    !deepEqual(old.status?.podIPs, pod.status?.podIPs)
  );
}
