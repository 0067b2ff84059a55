/** How long a Job waits before it replaces failed pods (upstream: controller/job/backoff_utils.go). */
import type { ContainerStatus, Pod } from "../../openapi/types/core-v1.ts";
import { podCondition } from "../pod-status.ts";

const baseMs = 10_000;
const maxMs = 600_000;

/** When a pod ended (ms): by its containers, else by its conditions, its deletion, its creation. */
export function finishedAt(pod: Pod): number {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const sidecars = new Set<string>();
  for (const { name, restartPolicy } of pod.spec.initContainers ?? [])
    if (restartPolicy === "Always") sidecars.add(name);
  const running = [...containerStatuses, ...initContainerStatuses.filter(({ name }) => sidecars.has(name))];
  const ends = running.map(endOf);
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...(ends as number[]));
  const ready = podCondition(pod, "Ready");
  if (ready?.status === "False" && ready.lastTransitionTime) return Date.parse(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Date.parse(creationTimestamp);
}

function endOf({ state }: ContainerStatus): number | undefined {
  const end = state?.terminated?.finishedAt;
  return end ? Date.parse(end) : undefined;
}

/** The ms to wait after so many failures, of which the last was at `lastFailure` (ms). */
export function remainingMs(failures: number, lastFailure: number, now: number): number {
  if (failures === 0) return 0;
  const delay = Math.min(baseMs * 2 ** (failures - 1), maxMs);
  return Math.max(0, lastFailure + delay - now);
}

/**
 * The ms to wait before failed pods are replaced, counting the failures since the last success. It is computed from the
 * pods
 * that are there, so that it survives a restart.
 */
export function jobBackoffMs(failed: readonly Pod[], succeeded: readonly Pod[], now: number): number {
  const lastSuccess = Math.max(Number.NEGATIVE_INFINITY, ...succeeded.map(finishedAt));
  const failures = failed.map(finishedAt).filter((at) => at > lastSuccess);
  return failures.length === 0 ? 0 : remainingMs(failures.length, Math.max(...failures), now);
}
