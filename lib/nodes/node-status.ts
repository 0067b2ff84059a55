/** How a node's word on itself becomes a patch of the Node's status. */
import { timeText } from "../apimachinery/clock.ts";
import { deepEqual } from "../apimachinery/equality.ts";
import type { NodeCondition, NodeStatus } from "../openapi/types/core-v1.ts";

/** Heartbeats alone are written so often (ms): a little less than the node's own five minutes, which jitter. */
const heartbeatEveryMs = 295_000;

/**
 * A strategic merge patch; undefined: nothing of what was said is news. The conditions' times are those of `now` (ms,
 * the control plane's clock), whatever the node's clock says.
 */
export function nodeStatusPatch(
  reported: NodeStatus,
  stored: NodeStatus,
  now: number,
): Record<string, unknown> | undefined {
  const { conditions = [], addresses, ...rest } = reported;
  const old = (type: string) => stored.conditions?.find((condition) => condition.type === type);
  const beats = conditions.map(({ type }) => Date.parse(old(type)?.lastHeartbeatTime ?? "") || 0);
  const isRecent = beats.every((beat) => now - beat < heartbeatEveryMs);
  const isNews =
    Object.entries(rest).some(([field, value]) => !deepEqual(value, stored[field as keyof NodeStatus])) ||
    (addresses !== undefined && !deepEqual(addresses, stored.addresses)) ||
    conditions.some((condition) => !saysTheSame(condition, old(condition.type)));
  if (!isNews && isRecent) return undefined;
  const text = timeText(now);
  return {
    ...rest,
    ...(addresses === undefined ? {} : { addresses: [{ $patch: "replace" }, ...addresses] }),
    conditions: conditions.map((condition) => {
      const before = old(condition.type);
      const lastTransitionTime = before?.status === condition.status ? (before.lastTransitionTime ?? text) : text;
      return { ...condition, lastHeartbeatTime: text, lastTransitionTime };
    }),
  };
}

function saysTheSame(a: NodeCondition, b: NodeCondition | undefined): boolean {
  return a.status === b?.status && a.reason === b.reason && a.message === b.message;
}
