/** Ends a pod on behalf of the cluster, and says why in its conditions (upstream: the condition DisruptionTarget). */
import { timeText } from "../apimachinery/clock.ts";
import { isNotFound } from "../apimachinery/errors.ts";
import type { Client, DeleteOptions } from "../client/interface.ts";
import type { Pod, PodCondition } from "../openapi/types/core-v1.ts";
import { pods } from "../openapi/types/resources.ts";
import { isPodTerminal, podCondition } from "./pod-status.ts";

/** How to end a pod. */
export interface Disruption {
  /** Reason and message of the condition DisruptionTarget; absent: no condition. */
  readonly target?: { readonly reason: string; readonly message: string };
  /** Whether the pod counts as failed from now on: nobody is there to say how it ended. */
  readonly fail?: boolean;
  readonly options?: Omit<DeleteOptions, "uid">;
}

/** Marks the pod and deletes it. A pod that is gone is no error. */
export async function disruptPod(client: Client, pod: Pod, disruption: Disruption, now: number): Promise<void> {
  const { target, fail = false, options = {} } = disruption;
  const { namespace, name, uid, generation } = pod.metadata;
  const conditions = target === undefined ? [] : changedCondition(pod, target, now);
  const failing = fail && !isPodTerminal(pod);
  try {
    if (conditions.length > 0 || failing) {
      const status = {
        ...(failing
          ? { phase: "Failed", ...(generation === undefined ? {} : { observedGeneration: generation }) }
          : {}),
        ...(conditions.length > 0 ? { conditions } : {}),
      };
      const patch = { metadata: { uid }, status };
      await client.patch(pods, { namespace, name }, "strategic", patch, { subresource: "status" });
    }
    await client.delete(pods, { namespace, name }, { uid, ...options });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function changedCondition(pod: Pod, { reason, message }: { reason: string; message: string }, now: number) {
  const current = podCondition(pod, "DisruptionTarget");
  if (current?.status === "True" && current.reason === reason && current.message === message) return [];
  const condition: PodCondition = { type: "DisruptionTarget", status: "True", reason, message };
  if (current?.status !== "True") condition.lastTransitionTime = timeText(now);
  if (pod.metadata.generation !== undefined && pod.status?.observedGeneration !== undefined)
    condition.observedGeneration = pod.metadata.generation;
  return [condition];
}
