/** How long a pod lives, and when it must be looked at again. */
import type { Pod, PodStatus } from "../../lib/openapi/types/core-v1.ts";

/** Whether a pod has ended for good. */
export const isTerminal = (status: PodStatus | undefined) =>
  status?.phase === "Failed" || status?.phase === "Succeeded";

/** When its activeDeadlineSeconds are over, milliseconds since the epoch; undefined where it has none. */
export function deadlineOf(pod: Pod, status: PodStatus | undefined): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds;
  const startTime = status?.startTime ?? pod.status?.startTime;
  return seconds === undefined || startTime === undefined ? undefined : Date.parse(startTime) + seconds * 1000;
}

/** Whether it has tokens, which have to be renewed; everything else that changes says so itself. */
export function needsResync(pod: Pod): boolean {
  return (pod.spec.volumes ?? []).some(({ projected }) => projected !== undefined);
}
