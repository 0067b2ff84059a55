/** Which pods go first when there are too many (upstream: ActivePodsWithRanks in controller/controller_utils.go). */
import type { Pod } from "../../openapi/types/core-v1.ts";
import { isPodReady, readySince } from "../pod-status.ts";

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

/**
 * The pods, those that are to go first in front: unassigned, pending, not ready, of lower deletion cost, with more of
 * `related` on the same node, ready or made for a shorter time (on a logarithmic scale, then by uid), restarted more
 * often.
 */
export function rankForDeletion(pods: readonly Pod[], related: readonly Pod[], now: number): Pod[] {
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? "";
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  return [...pods].sort((a, b) => compare(a, b, onNode, now));
}

function compare(a: Pod, b: Pod, onNode: ReadonlyMap<string, number>, now: number): number {
  const assigned = Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName));
  if (assigned !== 0) return assigned;
  const phase = phaseOf(a) - phaseOf(b);
  if (phase !== 0) return phase;
  const ready = Number(isPodReady(a)) - Number(isPodReady(b));
  if (ready !== 0) return ready;
  const cost = deletionCost(a) - deletionCost(b);
  if (cost !== 0) return cost;
  const crowd = (onNode.get(b.spec.nodeName ?? "") ?? 0) - (onNode.get(a.spec.nodeName ?? "") ?? 0);
  if (crowd !== 0) return crowd;
  if (isPodReady(a)) {
    const since = compareAges(readySince(a), readySince(b), a, b, now);
    if (since !== 0) return since;
  }
  const restarts = maxRestarts(b, false) - maxRestarts(a, false);
  if (restarts !== 0) return restarts;
  const sidecars = maxRestarts(b, true) - maxRestarts(a, true);
  if (sidecars !== 0) return sidecars;
  return compareAges(Date.parse(a.metadata.creationTimestamp), Date.parse(b.metadata.creationTimestamp), a, b, now);
}

function phaseOf(pod: Pod): number {
  return phaseOrder[pod.status?.phase ?? ""] ?? 0;
}

/**
 * Younger first; no time at all is youngest. Ages of the same power of two count as equal and are told apart by uid.
 */
function compareAges(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, now: number): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const difference = ageRank(now - a) - ageRank(now - b);
  if (difference !== 0) return difference;
  return podA.metadata.uid < podB.metadata.uid ? -1 : 1;
}

function ageRank(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation];
  if (text === undefined || !/^(0|-?[1-9][0-9]*)$/.test(text)) return 0;
  const cost = Number(text);
  return Math.abs(cost) <= 2_147_483_648 ? cost : 0;
}

function maxRestarts(pod: Pod, sidecars: boolean): number {
  if (!sidecars) return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
  const names = new Set<string>();
  for (const { name, restartPolicy } of pod.spec.initContainers ?? []) if (restartPolicy === "Always") names.add(name);
  const statuses = (pod.status?.initContainerStatuses ?? []).filter((status) => names.has(status.name));
  return Math.max(0, ...statuses.map((status) => status.restartCount));
}
