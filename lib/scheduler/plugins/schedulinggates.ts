/** SchedulingGates: a pod waits until all its gates are removed. */
import type { Plugin } from "../framework.ts";

/** The plugin. */
export const schedulingGates: Plugin = {
  name: "SchedulingGates",
  preEnqueue(pod) {
    const gates = (pod.spec.schedulingGates ?? []).map(({ name }) => name);
    if (gates.length === 0) return undefined;
    return { reason: "SchedulingGated", message: "Scheduling is blocked due to non-empty scheduling gates" };
  },
};
