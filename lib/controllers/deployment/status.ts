/** A Deployment's status and conditions (upstream: controller/deployment/sync.go and progress.go). */
import { timeText } from "../../apimachinery/clock.ts";
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "../../openapi/types/apps-v1.ts";
import { maxUnavailable, totalWanted, wanted } from "./scaling.ts";

/** progressDeadlineSeconds that stands for none. */
const noDeadline = 2_147_483_647;

/** Whether lack of progress is ever reported. */
export function hasProgressDeadline(deployment: Deployment): boolean {
  const { progressDeadlineSeconds } = deployment.spec;
  return progressDeadlineSeconds !== undefined && progressDeadlineSeconds !== noDeadline;
}

/** A condition that begins now. */
export function newCondition(
  type: string,
  status: string,
  reason: string,
  message: string,
  now: number,
): DeploymentCondition {
  const time = timeText(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

/** The condition of a type, if it is there. */
export function condition(status: DeploymentStatus | undefined, type: string): DeploymentCondition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

/** The conditions with one more or changed; unchanged where it has the same status and reason. */
export function withCondition(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
): DeploymentCondition[] {
  const current = conditions.find((one) => one.type === next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...conditions];
  const kept = current?.status === next.status ? { lastTransitionTime: current.lastTransitionTime } : {};
  return [...withoutCondition(conditions, next.type), { ...next, ...kept }];
}

/** The conditions without one. */
export function withoutCondition(conditions: readonly DeploymentCondition[], type: string): DeploymentCondition[] {
  return conditions.filter((one) => one.type !== type);
}

/** The status that the ReplicaSets give, with the condition Available. */
export function deploymentStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const sum = (field: "replicas" | "readyReplicas" | "availableReplicas" | "terminatingReplicas") =>
    sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const available = sum("availableReplicas");
  const enough = available >= wanted(deployment) - maxUnavailable(deployment);
  const minimum = enough
    ? newCondition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
    : newCondition(
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
        now,
      );
  const terminating = sets.some((set) => set.status?.terminatingReplicas !== undefined);
  return {
    ...counted("observedGeneration", deployment.metadata.generation ?? 0),
    ...counted("replicas", sum("replicas")),
    ...counted("updatedReplicas", newSet?.status?.replicas ?? 0),
    ...counted("readyReplicas", sum("readyReplicas")),
    ...counted("availableReplicas", available),
    ...counted("unavailableReplicas", Math.max(0, totalWanted(sets) - available)),
    ...(terminating ? { terminatingReplicas: sum("terminatingReplicas") } : {}),
    ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
    conditions: withCondition(deployment.status?.conditions ?? [], minimum),
  };
}

function counted(field: keyof DeploymentStatus, value: number): Partial<DeploymentStatus> {
  return value === 0 ? {} : { [field]: value };
}

/** Whether all pods are new and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const total = wanted(deployment);
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = status ?? {};
  return (
    updatedReplicas === total &&
    replicas === total &&
    availableReplicas === total &&
    observedGeneration >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(old: DeploymentStatus, next: DeploymentStatus): boolean {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = old;
  return (
    (next.updatedReplicas ?? 0) > updatedReplicas ||
    (next.replicas ?? 0) - (next.updatedReplicas ?? 0) < replicas - updatedReplicas ||
    (next.readyReplicas ?? 0) > readyReplicas ||
    (next.availableReplicas ?? 0) > availableReplicas
  );
}

function hasTimedOut(deployment: Deployment, progressing: DeploymentCondition | undefined, now: number): boolean {
  if (progressing === undefined || progressing.reason === "NewReplicaSetAvailable") return false;
  if (progressing.reason === "ProgressDeadlineExceeded") return true;
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? noDeadline) * 1000;
  return Date.parse(progressing.lastUpdateTime ?? "") + deadlineMs < now;
}

/** The status of a rollout that goes on: deploymentStatus with the conditions Progressing and ReplicaFailure. */
export function rolloutStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const status = deploymentStatus(deployment, sets, newSet, now);
  let conditions = status.conditions ?? [];
  const current = condition(deployment.status, "Progressing");
  const settled = status.replicas === status.updatedReplicas && current?.reason === "NewReplicaSetAvailable";
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, "Progressing");
  else if (!settled) conditions = progress(deployment, status, conditions, newSet, now);
  const failure = replicaFailure(sets, newSet);
  conditions =
    failure === undefined ? withoutCondition(conditions, "ReplicaFailure") : withCondition(conditions, failure);
  return { ...status, conditions };
}

function progress(
  deployment: Deployment,
  status: DeploymentStatus,
  conditions: DeploymentCondition[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentCondition[] {
  const subject =
    newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  const current = condition(deployment.status, "Progressing");
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, newCondition("Progressing", "True", "NewReplicaSetAvailable", message, now));
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const next = newCondition("Progressing", "True", "ReplicaSetUpdated", `${subject} is progressing.`, now);
    // Each step starts the deadline again, so the update time must move though status and reason don't.
    const kept = current?.status === "True" ? { lastTransitionTime: current.lastTransitionTime } : {};
    return [...withoutCondition(conditions, "Progressing"), { ...next, ...kept }];
  }
  if (hasTimedOut(deployment, condition(status, "Progressing"), now)) {
    const message = `${subject} has timed out progressing.`;
    return withCondition(conditions, newCondition("Progressing", "False", "ProgressDeadlineExceeded", message, now));
  }
  return conditions;
}

function replicaFailure(sets: readonly ReplicaSet[], newSet: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const set of newSet === undefined ? sets : [newSet, ...sets]) {
    const failure = set.status?.conditions?.find((one) => one.type === "ReplicaFailure");
    if (failure === undefined) continue;
    const { type, status, reason, message, lastTransitionTime } = failure;
    return {
      type,
      status,
      ...(lastTransitionTime === undefined ? {} : { lastTransitionTime, lastUpdateTime: lastTransitionTime }),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  }
  return undefined;
}

/** After how many ms a rollout that stands still must be looked at again for its deadline; undefined: never. */
export function deadlineCheckMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const current = condition(status, "Progressing");
  if (!hasProgressDeadline(deployment) || current === undefined) return undefined;
  if (isComplete(deployment, status) || current.reason === "ProgressDeadlineExceeded") return undefined;
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? noDeadline) * 1000;
  // A second later: the condition's time has no fractions.
  return Math.max(Date.parse(current.lastUpdateTime ?? "") + deadlineMs - now, 0) + 1000;
}
