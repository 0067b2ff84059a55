/** Which pods of a DaemonSet are replaced next (upstream: controller/daemon/update.go). */
import type { DaemonSet } from "../../openapi/types/apps-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { isPodAvailable } from "../pod-status.ts";
import { revisionHashLabel } from "../revision-history.ts";

/** What a rolling update does now. */
export interface UpdateStep {
  readonly delete: Pod[];
  /** Names of nodes that get a new pod beside the old one. */
  readonly create: string[];
}

/** A node that is to have a pod, and the pods that it has. */
export interface DaemonNode {
  readonly name: string;
  readonly pods: readonly Pod[];
}

/** How many nodes may be without an available pod, and how many may have two. */
export function updateLimits(set: DaemonSet, desired: number): { surge: number; unavailable: number } {
  const { maxSurge = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const scale = (value: number | string) =>
    typeof value === "number" ? value : Math.ceil((Number.parseInt(value, 10) * desired) / 100);
  const [surge, unavailable] = [scale(maxSurge), scale(maxUnavailable)];
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** The next step of a rolling update. */
export function nextUpdate(set: DaemonSet, nodes: readonly DaemonNode[], hash: string, now: number): UpdateStep {
  const limits = updateLimits(set, nodes.length);
  const available = (pod: Pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  const states = nodes.map(({ name, pods }) => {
    const living = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const isNew = (pod: Pod) => pod.metadata.labels?.[revisionHashLabel] === hash;
    return { name, fresh: living.find(isNew), old: living.find((pod) => !isNew(pod)) };
  });
  return limits.surge > 0 ? surge(states, limits.surge, available) : replace(states, limits.unavailable, available);
}

interface NodeState {
  readonly name: string;
  readonly fresh: Pod | undefined;
  readonly old: Pod | undefined;
}

function replace(states: readonly NodeState[], limit: number, available: (pod: Pod) => boolean): UpdateStep {
  const broken: Pod[] = [];
  const working: Pod[] = [];
  let unavailable = 0;
  for (const { fresh, old } of states) {
    if (fresh !== undefined || old === undefined) {
      if (fresh === undefined || !available(fresh)) unavailable++;
    } else if (available(old)) working.push(old);
    else {
      // Nothing is lost with it.
      unavailable++;
      broken.push(old);
    }
  }
  return { delete: [...broken, ...working.slice(0, Math.max(0, limit - unavailable))], create: [] };
}

function surge(states: readonly NodeState[], limit: number, available: (pod: Pod) => boolean): UpdateStep {
  const step: UpdateStep = { delete: [], create: [] };
  const candidates: string[] = [];
  let surging = 0;
  for (const { name, fresh, old } of states) {
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (available(fresh)) step.delete.push(old);
      else surging++;
    } else if (available(old)) candidates.push(name);
    else step.create.push(name);
  }
  step.create.push(...candidates.slice(0, Math.max(0, limit - surging)));
  return step;
}
