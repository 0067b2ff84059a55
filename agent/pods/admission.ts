/** Whether a pod fits on this node, which two schedulers may both have filled (upstream: lifecycle/predicate.go). */

import { matchesNodeChoice } from "../../lib/apimachinery/scheduling/node-affinity.ts";
import { amountsOf, podRequests } from "../../lib/apimachinery/scheduling/pod-resources.ts";
import { untoleratedTaint } from "../../lib/apimachinery/scheduling/taints.ts";
import type { Node, Pod } from "../../lib/openapi/types/core-v1.ts";

/** Why a pod is refused. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

const reasons: Record<string, string> = {
  cpu: "OutOfcpu",
  memory: "OutOfmemory",
  "ephemeral-storage": "OutOfephemeral-storage",
};

/** undefined where the pod fits beside the others that are active on the node. */
export function admit(pod: Pod, others: readonly Pod[], node: Node): Refusal | undefined {
  return outOfResources(pod, others, node) ?? mismatch(pod, node) ?? portConflict(pod, others) ?? tainted(pod, node);
}

function outOfResources(pod: Pod, others: readonly Pod[], node: Node): Refusal | undefined {
  const capacity = amountsOf(node.status?.allocatable);
  const podLimit = capacity.get("pods");
  if (podLimit !== undefined && others.length + 1 > podLimit)
    return short("pods", "OutOfpods", 1, others.length, podLimit);
  const used = new Map<string, number>();
  for (const other of others) {
    for (const [name, amount] of podRequests(other.spec)) used.set(name, (used.get(name) ?? 0) + amount);
  }
  for (const [name, requested] of podRequests(pod.spec)) {
    const total = capacity.get(name) ?? 0;
    const taken = used.get(name) ?? 0;
    if (requested > 0 && requested > total - taken)
      return short(name, reasons[name] ?? `OutOf${name}`, requested, taken, total);
  }
  return undefined;
}

function short(name: string, reason: string, requested: number, used: number, capacity: number): Refusal {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason, message: `Node didn't have enough resource: ${name}, ${numbers}` };
}

function mismatch(pod: Pod, node: Node): Refusal | undefined {
  if (matchesNodeChoice(pod.spec, node)) return undefined;
  return {
    reason: "NodeAffinity",
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  };
}

/** Ports of the machine that a pod takes, as `ip/protocol/port`. */
function hostPorts(pod: Pod): { ip: string; rest: string }[] {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return containers.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ hostIP, protocol = "TCP", hostPort }) => ({ ip: hostIP || "0.0.0.0", rest: `${protocol}/${hostPort}` })),
  );
}

function portConflict(pod: Pod, others: readonly Pod[]): Refusal | undefined {
  const taken = others.flatMap(hostPorts);
  const clash = hostPorts(pod).some(({ ip, rest }) =>
    taken.some((one) => one.rest === rest && (one.ip === ip || one.ip === "0.0.0.0" || ip === "0.0.0.0")),
  );
  if (!clash) return undefined;
  return {
    reason: "NodePorts",
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}

function tainted(pod: Pod, node: Node): Refusal | undefined {
  const taint = untoleratedTaint(node.spec?.taints ?? [], pod.spec.tolerations, ["NoExecute"]);
  if (taint === undefined) return undefined;
  return {
    reason: "TaintToleration",
    message: `Predicate TaintToleration failed: node(s) had untolerated taint(s)`,
  };
}
