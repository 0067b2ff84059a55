/** How a node's word on a pod becomes a patch of the pod's status (upstream: kubelet/status and pkg/util/pod). */
import { deepEqual } from "../apimachinery/equality.ts";
import type { PodStatus } from "../openapi/types/core-v1.ts";

/** The types of conditions that are the node's to set. */
export const nodeConditionTypes = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
] as const;

/**
 * A strategic merge patch to a status. Conditions are merged by type: only the node's own are sent, with null for what
 * they no longer have. Addresses are replaced as a list.
 */
export function statusPatch(status: PodStatus, before: PodStatus): Record<string, unknown> {
  const patch: Record<string, unknown> = { ...status };
  for (const field of ["reason", "message", "podIP"] as const) {
    if (status[field] === undefined && before[field] !== undefined) patch[field] = null;
  }
  const own = (status.conditions ?? []).filter(({ type }) => (nodeConditionTypes as readonly string[]).includes(type));
  patch.conditions = own.map((condition) => {
    const old = before.conditions?.find(({ type }) => type === condition.type);
    return {
      ...(old?.reason !== undefined && condition.reason === undefined ? { reason: null } : {}),
      ...(old?.message !== undefined && condition.message === undefined ? { message: null } : {}),
      ...condition,
    };
  });
  for (const field of ["podIPs", "hostIPs"] as const) {
    if (deepEqual(status[field], before[field])) delete patch[field];
    else if (status[field] === undefined) patch[field] = [{ $patch: "replace" }];
    else if (before[field] !== undefined) patch[field] = [{ $patch: "replace" }, ...status[field]];
  }
  delete patch.qosClass;
  return patch;
}
