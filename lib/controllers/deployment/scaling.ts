/** How many pods each ReplicaSet of a Deployment may have (upstream: controller/deployment/util/deployment_util.go). */
import type { Deployment, ReplicaSet } from "../../openapi/types/apps-v1.ts";
import { desiredReplicasAnnotation, maxReplicasAnnotation } from "./revisions.ts";

/** spec.replicas of a ReplicaSet or a Deployment. */
export function wanted(object: { spec: { replicas?: number } }): number {
  return object.spec.replicas ?? 1;
}

/** The sum of spec.replicas. */
export function totalWanted(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + wanted(set), 0);
}

/** Those that want pods. */
export function activeSets(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => wanted(set) > 0);
}

function isRolling(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type === "RollingUpdate";
}

/** A number, or a percentage of `total`. */
function scaled(value: number | string | undefined, total: number, roundUp: boolean): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const exact = (Number.parseInt(value, 10) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

/** Pods beyond spec.replicas that a rolling update may have. */
export function maxSurge(deployment: Deployment): number {
  if (!isRolling(deployment)) return 0;
  return scaled(deployment.spec.strategy?.rollingUpdate?.maxSurge, wanted(deployment), true);
}

/** Pods that may be missing from spec.replicas while a rolling update goes on. */
export function maxUnavailable(deployment: Deployment): number {
  const total = wanted(deployment);
  if (!isRolling(deployment) || total === 0) return 0;
  const unavailable = scaled(deployment.spec.strategy?.rollingUpdate?.maxUnavailable, total, false);
  // Percentages that both round to nothing would let nothing happen.
  if (unavailable === 0 && maxSurge(deployment) === 0) return 1;
  return Math.min(unavailable, total);
}

/** How many pods the new ReplicaSet may want now. `sets` holds it too. */
export function newSetReplicas(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  if (!isRolling(deployment)) return wanted(deployment);
  const room = wanted(deployment) + maxSurge(deployment) - totalWanted(sets);
  if (room <= 0) return current;
  return current + Math.min(room, wanted(deployment) - current);
}

/** Whether the ReplicaSet has all pods of the Deployment, available. */
export function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  if (set === undefined) return false;
  const total = wanted(deployment);
  const desired = set.metadata.annotations?.[desiredReplicasAnnotation];
  return wanted(set) === total && desired === String(total) && (set.status?.availableReplicas ?? 0) === total;
}

/**
 * The one ReplicaSet that a change of spec.replicas goes to: the only one that wants pods, or where none does the new
 * one or
 * else the youngest. Undefined where several want pods.
 */
export function activeOrLatest(newSet: ReplicaSet | undefined, oldSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const all = newSet === undefined ? [...oldSets] : [...oldSets, newSet];
  const active = activeSets(all);
  if (active.length > 1) return undefined;
  return active[0] ?? newSet ?? byAge(oldSets).at(-1);
}

/** Oldest first, then by name. */
export function byAge(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return [...sets].sort((a, b) => compareAge(a, b) || compareText(a.metadata.name, b.metadata.name));
}

function compareAge(a: ReplicaSet, b: ReplicaSet): number {
  return compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The sizes that share a change of spec.replicas in a rolling update between the ReplicaSets in proportion to their
 * sizes,
 * by name; the largest takes what rounding leaves.
 */
export function proportionalSizes(deployment: Deployment, sets: readonly ReplicaSet[]): Map<string, number> {
  const total = wanted(deployment);
  const allowed = total > 0 ? total + maxSurge(deployment) : 0;
  const change = allowed - totalWanted(sets);
  // Larger first; of equal ones the newer when adding, the older when taking away.
  const order = change > 0 ? -1 : 1;
  const ordered = byAge(sets).sort((a, b) => wanted(b) - wanted(a) || order * compareAge(a, b));
  const sizes = new Map<string, number>();
  let changed = 0;
  for (const set of ordered) {
    const share = change === 0 ? 0 : proportion(deployment, set, change, changed);
    changed += share;
    sizes.set(set.metadata.name, wanted(set) + share);
  }
  if (change !== 0 && ordered.length > 0) {
    const first = ordered[0].metadata.name;
    sizes.set(first, Math.max(0, (sizes.get(first) ?? 0) + change - changed));
  }
  return sizes;
}

function proportion(deployment: Deployment, set: ReplicaSet, change: number, changed: number): number {
  if (wanted(set) === 0 || change === changed) return 0;
  const share = fraction(deployment, set);
  const left = change - changed;
  return change > 0 ? Math.min(share, left) : Math.max(share, left);
}

function fraction(deployment: Deployment, set: ReplicaSet): number {
  if (wanted(deployment) === 0) return -wanted(set);
  const before = Number(set.metadata.annotations?.[maxReplicasAnnotation] ?? 0) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  const size = (wanted(set) * (wanted(deployment) + maxSurge(deployment))) / before;
  return Math.round(size) - wanted(set);
}
