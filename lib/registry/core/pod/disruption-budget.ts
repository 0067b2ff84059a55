/** What disruption budgets say to an eviction (upstream: pkg/registry/core/pod/storage/eviction.go). */
import { timeText } from "../../../apimachinery/clock.ts";
import { failure, newForbidden, newTooManyRequests, type StatusError } from "../../../apimachinery/errors.ts";
import { labelSelectorAsSelector } from "../../../apimachinery/labels.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import type { Condition } from "../../../openapi/types/meta-v1.ts";
import type { PodDisruptionBudget } from "../../../openapi/types/policy-v1.ts";

const gr = { group: "policy", resource: "poddisruptionbudget" };
const conditionType = "DisruptionAllowed";
/** More pods than this between eviction and deletion, and no further one is evicted. */
const maxDisruptedPods = 2000;

function tooManyRequests(retryAfterSeconds: number, cause: string): StatusError {
  const error = newTooManyRequests(
    "Cannot evict pod as it would violate the pod's disruption budget.",
    retryAfterSeconds,
  );
  const details = { ...error.status.details, causes: [{ reason: "DisruptionBudget", message: cause }] };
  return failure(429, "TooManyRequests", error.message, details);
}

/** 429 of a budget that has not been looked at since it, or its pod, changed. */
export const stillBeingProcessed = (name: string): StatusError =>
  tooManyRequests(10, `The disruption budget ${name} is still being processed by the server.`);

/** The budgets that a pod falls under. One with a malformed selector covers nothing. */
export function budgetsOf(pod: Pod, budgets: readonly PodDisruptionBudget[]): PodDisruptionBudget[] {
  return budgets.filter(({ spec }) => {
    try {
      return labelSelectorAsSelector(spec?.selector).matches(pod.metadata.labels);
    } catch {
      return false;
    }
  });
}

/** Whether a pod that is not ready may go without counting. */
export function allowsUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const desired = status?.desiredHealthy ?? 0;
  return desired > 0 && (status?.currentHealthy ?? 0) >= desired;
}

function refusal({ metadata, status }: PodDisruptionBudget): string {
  const head = `The disruption budget ${metadata.name}`;
  const condition = status?.conditions?.find(({ type }) => type === conditionType);
  const said = condition?.status === "False" && condition.message ? condition : undefined;
  if (said?.reason === "SyncFailed") {
    return `${head} does not allow evicting pods currently because it failed sync: ${said.message}`;
  }
  const [current, desired] = [status?.currentHealthy ?? 0, status?.desiredHealthy ?? 0];
  if (current <= desired) return `${head} needs ${desired} healthy pods and has ${current} currently`;
  const text = `${head} does not allow evicting pods currently`;
  return said ? `${text} (${said.reason}): ${said.message}` : text;
}

type Status = NonNullable<PodDisruptionBudget["status"]>;

function setCondition(status: Status, generation: number | undefined, now: number): void {
  status.conditions ??= [];
  const { conditions } = status;
  const index = conditions.findIndex(({ type }) => type === conditionType);
  const old = conditions[index];
  const next: Condition = {
    type: conditionType,
    status: "False",
    observedGeneration: generation,
    lastTransitionTime: old?.status === "False" ? old.lastTransitionTime : timeText(now),
    reason: "InsufficientPods",
    message: "",
  };
  if (index < 0) conditions.push(next);
  else conditions[index] = next;
}

/** Takes one disruption from a budget. Mutates its status. Throws 429 and 403. `now` is in milliseconds. */
export function takeDisruption(budget: PodDisruptionBudget, podName: string, now: number): void {
  const { metadata } = budget;
  budget.status ??= {} as Status;
  const { status } = budget;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) throw stillBeingProcessed(metadata.name);
  const allowed = status.disruptionsAllowed ?? 0;
  if (allowed < 0) throw newForbidden(gr, metadata.name, "pdb disruptions allowed is negative");
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods) {
    const text = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
    throw newForbidden(gr, metadata.name, text);
  }
  if (allowed === 0) throw tooManyRequests(0, refusal(budget));
  status.disruptionsAllowed = allowed - 1;
  if (allowed === 1) setCondition(status, metadata.generation, now);
  status.disruptedPods = { ...status.disruptedPods, [podName]: timeText(now) };
}
