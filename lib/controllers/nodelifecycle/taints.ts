/** The taints that a node's conditions ask for (upstream: controller/nodelifecycle/node_lifecycle_controller.go). */
import { timeText } from "../../apimachinery/clock.ts";
import type { Node, NodeCondition, Taint } from "../../openapi/types/core-v1.ts";

/** The taint of a node whose Ready is False. */
export const notReadyTaint = "node.kubernetes.io/not-ready";
/** The taint of a node whose Ready is Unknown. */
export const unreachableTaint = "node.kubernetes.io/unreachable";

const unschedulableTaint = "node.kubernetes.io/unschedulable";

/** Condition and status → taint that keeps new pods away. */
const conditionTaints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: "node.kubernetes.io/memory-pressure" },
  DiskPressure: { True: "node.kubernetes.io/disk-pressure" },
  NetworkUnavailable: { True: "node.kubernetes.io/network-unavailable" },
  PIDPressure: { True: "node.kubernetes.io/pid-pressure" },
};

const ours = new Set([unschedulableTaint, ...Object.values(conditionTaints).flatMap((one) => Object.values(one))]);

/** The condition of a type, if it is there. */
export function nodeCondition(node: Node, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((one) => one.type === type);
}

/**
 * The node's taints as they should be: NoSchedule by its conditions, and NoExecute for a node that is not ready, where
 * `evict` allows that. Other taints are left alone. Undefined: nothing changes.
 */
export function wantedTaints(node: Node, evict: boolean, now: number): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const keys = new Set<string>();
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = conditionTaints[type]?.[status];
    if (key !== undefined) keys.add(key);
  }
  if (node.spec?.unschedulable) keys.add(unschedulableTaint);
  const execute = evict ? evictionTaint(node) : undefined;
  const kept = current.filter(({ key, effect }) => {
    if (effect === "NoSchedule" && ours.has(key)) return keys.has(key);
    if (effect === "NoExecute" && (key === notReadyTaint || key === unreachableTaint)) return key === execute;
    return true;
  });
  const has = (key: string, effect: string) => kept.some((one) => one.key === key && one.effect === effect);
  const added: Taint[] = [];
  const timeAdded = timeText(now);
  for (const key of keys) if (!has(key, "NoSchedule")) added.push({ key, effect: "NoSchedule", timeAdded });
  if (execute !== undefined && !has(execute, "NoExecute")) added.push({ key: execute, effect: "NoExecute", timeAdded });
  return added.length === 0 && kept.length === current.length ? undefined : [...kept, ...added];
}

/** The NoExecute taint that the node's Ready asks for. */
export function evictionTaint(node: Node): string | undefined {
  return conditionTaints.Ready[nodeCondition(node, "Ready")?.status ?? ""];
}

/** Whether the node has a NoExecute taint of ours. */
export function isEvicting(node: Node): boolean {
  const taints = node.spec?.taints ?? [];
  return taints.some(
    ({ key, effect }) => effect === "NoExecute" && (key === notReadyTaint || key === unreachableTaint),
  );
}
