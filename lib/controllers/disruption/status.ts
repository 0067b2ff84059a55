/** A disruption budget's status (upstream: controller/disruption/disruption.go, component-helpers/apps/poddisruptionbudget). */
import { timeText } from "../../apimachinery/clock.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import type { Condition } from "../../openapi/types/meta-v1.ts";
import type { PodDisruptionBudget } from "../../openapi/types/policy-v1.ts";
import type { Expectation } from "./expected.ts";

/** A budget's status. */
export type BudgetStatus = NonNullable<PodDisruptionBudget["status"]>;

/** An evicted pod that is there after this counts as one that stays. */
const deletionTimeoutMs = 120_000;

/** Pods that were evicted and whose deletion has not been seen. */
export interface Disrupted {
  /** Name → when it was evicted. */
  readonly disrupted: Readonly<Record<string, string>>;
  /** Those that should have gone by now. */
  readonly overdue: readonly Pod[];
  /** When the next one is overdue (ms). */
  readonly recheckAt: number | undefined;
}

/** What is left of status.disruptedPods. */
export function stillDisrupted({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Disrupted {
  const disrupted: Record<string, string> = {};
  const overdue: Pod[] = [];
  let recheckAt: number | undefined;
  for (const pod of pods) {
    const at = status?.disruptedPods?.[pod.metadata.name];
    if (at === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const expectedAt = Date.parse(at) + deletionTimeoutMs;
    if (expectedAt < now) {
      overdue.push(pod);
      continue;
    }
    disrupted[pod.metadata.name] = at;
    recheckAt = Math.min(recheckAt ?? expectedAt, expectedAt);
  }
  return { disrupted, overdue, recheckAt };
}

/** What was counted. */
export interface Counted extends Expectation {
  readonly healthy: number;
  readonly disrupted: Readonly<Record<string, string>>;
}

/** The status that says so. */
export function budgetStatus(budget: PodDisruptionBudget, counted: Counted, now: number): BudgetStatus {
  const { expected, desired, healthy, disrupted } = counted;
  // Where no pods are expected none may go: the first that appear are safe until they are counted.
  const disruptionsAllowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
  const { generation } = budget.metadata;
  const allowed = disruptionsAllowed > 0;
  const condition = {
    type: "DisruptionAllowed",
    status: allowed ? "True" : "False",
    reason: allowed ? "SufficientPods" : "InsufficientPods",
    message: "",
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: { ...disrupted } }),
    disruptionsAllowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    conditions: withCondition(budget.status?.conditions, condition, now),
  };
}

/** The status of a budget that cannot be counted: nobody may go. */
export function failedStatus({ status }: PodDisruptionBudget, message: string, now: number): BudgetStatus {
  const condition = {
    type: "DisruptionAllowed",
    status: "False",
    reason: "SyncFailed",
    message,
    ...(status?.observedGeneration === undefined ? {} : { observedGeneration: status.observedGeneration }),
  };
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...status,
    disruptionsAllowed: 0,
    conditions: withCondition(status?.conditions, condition, now),
  };
}

/** A condition keeps its time while its status stays. */
function withCondition(
  old: readonly Condition[] = [],
  next: Omit<Condition, "lastTransitionTime">,
  now: number,
): Condition[] {
  const index = old.findIndex(({ type }) => type === next.type);
  const before = old[index];
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : timeText(now);
  const condition = { ...next, lastTransitionTime };
  return index < 0 ? [...old, condition] : old.with(index, condition);
}
