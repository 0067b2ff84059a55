/** The conditions that a node sets on a pod (upstream: kubelet/status/generate.go). */
import type { ContainerStatus, Pod, PodCondition } from "../../lib/openapi/types/core-v1.ts";
import { isSidecar, sandboxChange } from "./actions.ts";
import type { PodPhase } from "./phase.ts";
import type { RuntimePod } from "./runtime-pod.ts";

/** A condition before it has times. */
export type Condition = Pick<PodCondition, "type" | "status" | "reason" | "message">;

type Statuses = ReadonlyMap<string, ContainerStatus>;

const list = (names: readonly string[]) => `[${names.join(" ")}]`;

/** All of the node's conditions, in upstream's order. */
export function nodeConditions(pod: Pod, runtime: RuntimePod, statuses: Statuses, phase: PodPhase): Condition[] {
  const containers = containersReady(pod, statuses, phase);
  return [
    { type: "PodReadyToStartContainers", status: sandboxChange(pod, runtime).changed ? "False" : "True" },
    initialized(pod, statuses, phase),
    ready(pod, containers),
    containers,
    { type: "PodScheduled", status: "True" },
  ];
}

function containersReady(pod: Pod, statuses: Statuses, phase: PodPhase): Condition {
  const type = "ContainersReady";
  const unknown: string[] = [];
  const unready: string[] = [];
  const counted = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  for (const { name } of counted) {
    const status = statuses.get(name);
    if (status === undefined) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  if (phase === "Succeeded" && unknown.length === 0) return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const message = messageOf(unknown, unready, "unready");
  if (message !== "") return { type, status: "False", reason: "ContainersNotReady", message };
  return { type, status: "True" };
}

function messageOf(unknown: readonly string[], others: readonly string[], word: string): string {
  const parts: string[] = [];
  if (unknown.length > 0) parts.push(`containers with unknown status: ${list(unknown)}`);
  if (others.length > 0) parts.push(`containers with ${word} status: ${list(others)}`);
  return parts.join(", ");
}

function ready(pod: Pod, containers: Condition): Condition {
  if (containers.status !== "True") return { ...containers, type: "Ready" };
  const messages: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (!found) messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (found.status !== "True") {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`);
    }
  }
  if (messages.length === 0) return { type: "Ready", status: "True" };
  return { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function initialized(pod: Pod, statuses: Statuses, phase: PodPhase): Condition {
  const type = "Initialized";
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.get(container.name);
    if (status === undefined) unknown.push(container.name);
    else if (isSidecar(container) ? !status.started : !status.ready) incomplete.push(container.name);
  }
  if (phase === "Succeeded" && unknown.length === 0) return { type, status: "True", reason: "PodCompleted" };
  const anyStarted = pod.spec.containers.some(({ name }) => {
    const status = statuses.get(name);
    return (
      status?.state?.running !== undefined ||
      status?.state?.terminated !== undefined ||
      status?.lastState?.terminated !== undefined
    );
  });
  const message = messageOf(unknown, incomplete, "incomplete");
  if (anyStarted || message === "") return { type, status: "True" };
  return { type, status: "False", reason: "ContainersNotInitialized", message };
}

/** Conditions with times: the transition is now where the status has changed. Others' conditions are kept. */
export function withTimes(
  conditions: readonly Condition[],
  before: readonly PodCondition[],
  generation: number | undefined,
  now: string,
): PodCondition[] {
  return conditions.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    return {
      type: condition.type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status: condition.status,
      lastTransitionTime: old?.status === condition.status ? (old.lastTransitionTime ?? now) : now,
      ...(condition.reason === undefined ? {} : { reason: condition.reason }),
      ...(condition.message === undefined ? {} : { message: condition.message }),
    };
  });
}
