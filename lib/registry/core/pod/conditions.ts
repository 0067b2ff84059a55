/** Conditions of a pod's status (upstream: pkg/api/v1/pod). */
import { timeText } from "../../../apimachinery/clock.ts";
import type { PodCondition, PodStatus } from "../../../openapi/types/core-v1.ts";

/** Sets a condition; its transition time stays where its status does. Mutates. `now` is in milliseconds. */
export function setPodCondition(status: PodStatus, condition: Omit<PodCondition, "lastTransitionTime">, now: number) {
  status.conditions ??= [];
  const { conditions } = status;
  const index = conditions.findIndex(({ type }) => type === condition.type);
  const old = conditions[index];
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : timeText(now);
  const next = { lastProbeTime: old?.lastProbeTime, ...condition, lastTransitionTime };
  if (index < 0) conditions.push(next);
  else conditions[index] = next;
}
