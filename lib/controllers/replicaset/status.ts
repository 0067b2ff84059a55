/** A ReplicaSet's status from its pods (upstream: controller/replicaset/replica_set_utils.go). */
import { timeText } from "../../apimachinery/clock.ts";
import { selectorFromSet } from "../../apimachinery/labels.ts";
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "../../openapi/types/apps-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { isPodAvailable, isPodReady } from "../pod-status.ts";

const replicaFailure = "ReplicaFailure";

/** The status that the pods give. `failure` is what went wrong with making or deleting pods, if anything. */
export function replicaSetStatus(
  set: ReplicaSet,
  active: readonly Pod[],
  terminating: readonly Pod[],
  failure: Error | undefined,
  now: number,
): ReplicaSetStatus {
  const { minReadySeconds = 0, replicas = 1, template } = set.spec;
  const selector = selectorFromSet(template?.metadata?.labels);
  let fullyLabeledReplicas = 0;
  let readyReplicas = 0;
  let availableReplicas = 0;
  for (const pod of active) {
    if (selector.matches(pod.metadata.labels ?? {})) fullyLabeledReplicas++;
    if (isPodReady(pod)) readyReplicas++;
    if (isPodAvailable(pod, minReadySeconds, now)) availableReplicas++;
  }
  const conditions = nextConditions(set.status?.conditions ?? [], failure, active.length - replicas, now);
  return {
    replicas: active.length,
    ...(fullyLabeledReplicas > 0 ? { fullyLabeledReplicas } : {}),
    ...(readyReplicas > 0 ? { readyReplicas } : {}),
    ...(availableReplicas > 0 ? { availableReplicas } : {}),
    terminatingReplicas: terminating.length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function nextConditions(
  conditions: readonly ReplicaSetCondition[],
  failure: Error | undefined,
  surplus: number,
  now: number,
): ReplicaSetCondition[] {
  const failed = conditions.some((condition) => condition.type === replicaFailure);
  if ((failure === undefined) === !failed) return [...conditions];
  const others = conditions.filter((condition) => condition.type !== replicaFailure);
  if (failure === undefined) return others;
  const reason = surplus < 0 ? "FailedCreate" : surplus > 0 ? "FailedDelete" : undefined;
  const condition: ReplicaSetCondition = {
    type: replicaFailure,
    status: "True",
    lastTransitionTime: timeText(now),
    ...(reason === undefined ? {} : { reason }),
    message: failure.message,
  };
  return [...others, condition];
}
