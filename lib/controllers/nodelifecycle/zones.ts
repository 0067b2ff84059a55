/** How fast nodes of a zone may be emptied (upstream: ComputeZoneState and the limiters of nodelifecycle). */
import type { Node } from "../../openapi/types/core-v1.ts";
import { nodeCondition } from "./taints.ts";

const zoneLabel = "topology.kubernetes.io/zone";
const regionLabel = "topology.kubernetes.io/region";
const exclusionLabel = "node.kubernetes.io/exclude-disruption";

/** One node each 10 s; where much of a large zone is gone, one each 100 s; of a small one, none. */
const usualIntervalMs = 10_000;
const disruptedIntervalMs = 100_000;
const largeZone = 50;
const unhealthyThreshold = 0.55;

/** `region:zone` of a node. */
export function zoneOf(node: Node): string {
  const { [regionLabel]: region = "", [zoneLabel]: zone = "" } = node.metadata.labels ?? {};
  return `${region}:\u0000:${zone}`;
}

/** Whether no node is ready: then it is rather the control plane that is cut off, and nobody is to be evicted. */
export function isFullyDisrupted(nodes: readonly Node[]): boolean {
  return nodes.filter(counts).every((node) => nodeCondition(node, "Ready")?.status !== "True");
}

function counts(node: Node): boolean {
  return node.metadata.labels?.[exclusionLabel] === undefined;
}

/** When the next node of each zone may be emptied. */
export class EvictionLimiter {
  readonly #next = new Map<string, number>();

  /** 0 where a node of the zone may be emptied now (then it counts), else the ms to wait. */
  take(zone: string, nodes: readonly Node[], now: number): number {
    const intervalMs = interval(nodes.filter((node) => counts(node) && zoneOf(node) === zone));
    if (intervalMs === undefined) return usualIntervalMs;
    const next = this.#next.get(zone) ?? 0;
    if (now < next) return next - now;
    this.#next.set(zone, now + intervalMs);
    return 0;
  }
}

function interval(zone: readonly Node[]): number | undefined {
  const unhealthy = zone.filter((node) => nodeCondition(node, "Ready")?.status !== "True").length;
  const disrupted = unhealthy > 2 && unhealthy / zone.length >= unhealthyThreshold;
  if (!disrupted || unhealthy === zone.length) return usualIntervalMs;
  return zone.length > largeZone ? disruptedIntervalMs : undefined;
}
