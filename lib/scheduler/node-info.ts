/** A node with what runs on it, and all of them (upstream: scheduler/framework.NodeInfo, scheduler/backend/cache). */
import { type Amounts, amountsOf, podRequests } from "../apimachinery/scheduling/pod-resources.ts";
import type { Node, Pod } from "../openapi/types/core-v1.ts";

/** What scoring assumes of a container that asks for nothing: 0.1 cpu and 200 MB. */
const assumed: Record<string, number> = { cpu: 100, memory: 200 * 1024 * 1024 };

/** A pod as it counts on a node. */
export interface PodInfo {
  readonly pod: Pod;
  readonly requests: Amounts;
  /** As requests, with the assumed amounts where a container asks for nothing. */
  readonly nonZeroRequests: Amounts;
  /** `protocol/port` → addresses. */
  readonly hostPorts: readonly HostPort[];
}

/** A port that a pod takes on its node. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** Counts a pod once, so that plugins need not. */
export function podInfo(pod: Pod): PodInfo {
  const requests = podRequests(pod.spec);
  return { pod, requests, nonZeroRequests: nonZero(pod), hostPorts: hostPorts(pod) };
}

function nonZero(pod: Pod): Amounts {
  const withDefaults = (container: { resources?: { requests?: Record<string, string> } }) => ({
    ...container,
    resources: { requests: { cpu: "100m", memory: "200Mi", ...container.resources?.requests } },
  });
  const amounts = podRequests({
    ...pod.spec,
    containers: pod.spec.containers.map(withDefaults),
    initContainers: pod.spec.initContainers?.map(withDefaults),
  });
  return new Map(Object.keys(assumed).map((resource) => [resource, amounts.get(resource) ?? 0]));
}

function hostPorts(pod: Pod): HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  return [...pod.spec.containers, ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => ({ ip: port.hostIP || "0.0.0.0", protocol: port.protocol ?? "TCP", port: port.hostPort ?? 0 })),
  );
}

/** A node, its pods and their sums. */
export class NodeInfo {
  node: Node;
  allocatable: Amounts;
  readonly pods = new Map<string, PodInfo>();
  readonly requested: Amounts = new Map();
  readonly nonZeroRequested: Amounts = new Map();

  constructor(node: Node) {
    this.node = node;
    this.allocatable = amountsOf(node.status?.allocatable);
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = amountsOf(node.status?.allocatable);
  }

  add(info: PodInfo): void {
    this.remove(info.pod.metadata.uid);
    this.pods.set(info.pod.metadata.uid, info);
    this.#count(info, 1);
  }

  remove(uid: string): void {
    const info = this.pods.get(uid);
    if (!info) return;
    this.pods.delete(uid);
    this.#count(info, -1);
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    for (const [resource, amount] of info.requests) {
      this.requested.set(resource, (this.requested.get(resource) ?? 0) + sign * amount);
    }
    for (const [resource, amount] of info.nonZeroRequests) {
      this.nonZeroRequested.set(resource, (this.nonZeroRequested.get(resource) ?? 0) + sign * amount);
    }
  }

  /** A copy to take pods away from, to see whether another would fit. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node);
    for (const info of this.pods.values()) copy.add(info);
    return copy;
  }
}

/** All nodes with all pods that are bound, or assumed to be while their binding is on its way. */
export class ClusterState {
  readonly nodes = new Map<string, NodeInfo>();
  /** Pods bound to nodes that are not known (yet), by node. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  readonly #places = new Map<string, string>();

  setNode(node: Node): void {
    const known = this.nodes.get(node.metadata.name);
    if (known) {
      known.setNode(node);
      return;
    }
    const info = new NodeInfo(node);
    for (const pod of this.#homeless.get(node.metadata.name)?.values() ?? []) info.add(pod);
    this.#homeless.delete(node.metadata.name);
    this.nodes.set(node.metadata.name, info);
  }

  removeNode(name: string): void {
    const info = this.nodes.get(name);
    if (!info) return;
    this.nodes.delete(name);
    if (info.pods.size > 0) this.#homeless.set(name, info.pods);
  }

  /** The pod is (or will be) on that node. */
  place(pod: Pod, nodeName: string): void {
    this.remove(pod.metadata.uid);
    const info = podInfo(pod);
    this.#places.set(pod.metadata.uid, nodeName);
    const node = this.nodes.get(nodeName);
    if (node) {
      node.add(info);
      return;
    }
    const others = this.#homeless.get(nodeName) ?? new Map<string, PodInfo>();
    this.#homeless.set(nodeName, others.set(pod.metadata.uid, info));
  }

  /** The pod is nowhere. */
  remove(uid: string): void {
    const nodeName = this.#places.get(uid);
    if (nodeName === undefined) return;
    this.#places.delete(uid);
    this.nodes.get(nodeName)?.remove(uid);
    this.#homeless.get(nodeName)?.delete(uid);
  }
}
