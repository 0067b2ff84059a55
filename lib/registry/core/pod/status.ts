/** pods/status: what nodes, the scheduler and controllers report (upstream: podStatusStrategy). */
import { path } from "../../../apimachinery/validation/field.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import type { UpdateStrategy } from "../../strategy.ts";
import { warningsForIP } from "../../validation/ip-warnings.ts";
import { validatePodStatusUpdate } from "./status-validation.ts";

/** Clients that know nothing of observedGeneration don't clear it. Mutates `pod`. */
function keepObservedGenerations({ status }: Pod, { status: old }: Pod): void {
  if (!status) return;
  if (!status.observedGeneration && old?.observedGeneration) status.observedGeneration = old.observedGeneration;
  const before = new Map<string, (number | undefined)[]>();
  for (const { type, observedGeneration } of old?.conditions ?? []) {
    before.set(type, [...(before.get(type) ?? []), observedGeneration]);
  }
  for (const condition of status.conditions ?? []) {
    const generation = before.get(condition.type)?.shift();
    if (!condition.observedGeneration && generation) condition.observedGeneration = generation;
  }
}

/** pods/status */
export const podStatus: UpdateStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    pod.spec = old.spec;
    if (old.metadata.deletionTimestamp === undefined) delete pod.metadata.deletionTimestamp;
    // Old kubelets corrupt them.
    if (old.metadata.ownerReferences) pod.metadata.ownerReferences = old.metadata.ownerReferences;
    else delete pod.metadata.ownerReferences;
    pod.status ??= {};
    if (!pod.status.qosClass && old.status?.qosClass) pod.status.qosClass = old.status.qosClass;
    keepObservedGenerations(pod, old);
  },
  validateUpdate: validatePodStatusUpdate,
  warningsOnUpdate({ status }) {
    const warn = (list: readonly { ip: string }[] | undefined, name: string) =>
      (list ?? []).flatMap(({ ip }, index) => warningsForIP(path("status", name).index(index).child("ip"), ip));
    return [...warn(status?.podIPs, "podIPs"), ...warn(status?.hostIPs, "hostIPs")];
  },
};
