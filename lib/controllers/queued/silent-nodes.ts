/** Which nodes have said nothing for too long, or soon will have: what no event tells. */
import type { NodeHealthItem } from "../../nodes/health.ts";
import type { Node } from "../../openapi/types/core-v1.ts";
import { graceMs, startupGraceMs } from "../nodelifecycle/nodelifecycle.ts";
import { nodeCondition } from "../nodelifecycle/taints.ts";
import type { DelayedWakeup } from "./messages.ts";
import { heardOf } from "./node-health-copy.ts";

/** A node that speaks each 10 s has been late twice. */
const lateMs = 25_000;

/**
 * Wake-ups of the node lifecycle controller: now for a node that is silent and not known to be, at the end of its grace
 * for one that is late. Asked each minute, it notices a silent node at most 25 s after its grace.
 */
export function silentNodes(
  cluster: string,
  nodes: readonly Node[],
  health: readonly NodeHealthItem[],
  now: number,
): DelayedWakeup[] {
  const known = new Map(health.map((item) => [item.node, item]));
  const wakeups: DelayedWakeup[] = [];
  for (const { metadata, ...node } of nodes) {
    const ready = nodeCondition({ metadata, ...node }, "Ready");
    if (ready?.status === "Unknown") continue;
    const heard = heardOf(known.get(metadata.name), metadata.uid);
    const since = heard ?? Date.parse(ready?.lastHeartbeatTime ?? metadata.creationTimestamp);
    const dueAt = since + (ready === undefined ? startupGraceMs : graceMs) + 1;
    if (dueAt > now && now - since < lateMs) continue;
    wakeups.push({ cluster, controller: "node-lifecycle-controller", key: metadata.name, dueAt });
  }
  return wakeups;
}
