/** Evicting a pod within its disruption budget (upstream: pkg/registry/core/pod/storage/eviction.go). */
import { timeText } from "../../../apimachinery/clock.ts";
import { failure, newBadRequest, newForbidden, newNotFound, newTooManyRequests } from "../../../apimachinery/errors.ts";
import { labelSelectorAsSelector } from "../../../apimachinery/labels.ts";
import type { AnyObject } from "../../../apimachinery/meta.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import type { Eviction, PodDisruptionBudget } from "../../../openapi/types/policy-v1.ts";
import { poddisruptionbudgets, pods } from "../../../openapi/types/resources.ts";
import type { CreateSubresource, DeleteOptions, StrategyContext } from "../../strategy.ts";

const success: AnyObject = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
/** More than this wait for the budget's controller: something is wrong. */
const maxDisruptedPods = 2_000;

function needsNoBudget({ status, metadata }: Pod): boolean {
  const phase = status?.phase ?? "";
  return ["Succeeded", "Failed", "Pending"].includes(phase) || metadata.deletionTimestamp !== undefined;
}

const isReady = ({ status }: Pod) =>
  status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;

function tooMany(message: string, seconds: number) {
  const error = newTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", seconds);
  error.status.details = { ...error.status.details, causes: [{ reason: "DisruptionBudget", message }] };
  return error;
}

/** Takes one from the budget. Throws 429 and 403. */
function decrement(budget: PodDisruptionBudget, pod: string, now: string): PodDisruptionBudget {
  const { name, generation = 0 } = budget.metadata;
  const zero = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  const status = { ...zero, ...budget.status };
  if ((status.observedGeneration ?? 0) < generation) {
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  const gr = { group: "policy", resource: "poddisruptionbudget" };
  if (status.disruptionsAllowed < 0) throw newForbidden(gr, name, "pdb disruptions allowed is negative");
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods) {
    throw newForbidden(gr, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  }
  if (status.disruptionsAllowed === 0) {
    const { desiredHealthy, currentHealthy } = status;
    const head = `The disruption budget ${name}`;
    const text =
      currentHealthy <= desiredHealthy
        ? `${head} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
        : `${head} does not allow evicting pods currently`;
    throw tooMany(text, 0);
  }
  const disruptedPods = { ...status.disruptedPods, [pod]: now };
  return { ...budget, status: { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods } };
}

async function budgetsOf(pod: Pod, context: StrategyContext): Promise<PodDisruptionBudget[]> {
  const all = (await context.objects.list(
    poddisruptionbudgets,
    pod.metadata.namespace,
  )) as unknown as PodDisruptionBudget[];
  return all.filter(
    ({ spec }) => spec?.selector && labelSelectorAsSelector(spec.selector).matches(pod.metadata.labels),
  );
}

/** Whether an unhealthy pod may go without asking. */
function mayGoUnhealthy(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isReady(pod)) return false;
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  return (status?.desiredHealthy ?? 0) > 0 && (status?.currentHealthy ?? 0) >= (status?.desiredHealthy ?? 0);
}

async function remove(pod: Pod, options: DeleteOptions, context: StrategyContext): Promise<AnyObject> {
  const { namespace, name } = pod.metadata;
  if (context.dryRun || options.dryRun?.length) return success;
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
    lastTransitionTime: timeText(context.clock.now()),
  };
  await context.objects.update(
    pods,
    namespace,
    name,
    (object) => {
      const current = object as unknown as Pod;
      const others = (current.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
      current.status = { ...current.status, conditions: [...others, condition] };
      return object;
    },
    "status",
  );
  await context.objects.delete(pods, namespace, name, options);
  return success;
}

async function evict(
  name: { namespace: string; name: string },
  body: AnyObject,
  context: StrategyContext,
): Promise<AnyObject> {
  const eviction = body as unknown as Eviction;
  if (eviction.metadata?.name !== name.name) throw newBadRequest("name in URL does not match name in Eviction object");
  const options = (eviction.deleteOptions ?? {}) as DeleteOptions;
  const pod = (await context.objects.get(pods, name.namespace, name.name)) as unknown as Pod | undefined;
  if (!pod) throw newNotFound({ group: "", resource: "pods" }, name.name);
  if (needsNoBudget(pod)) return remove(pod, options, context);
  const budgets = await budgetsOf(pod, context);
  if (budgets.length > 1) {
    throw failure(
      500,
      "",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const [budget] = budgets;
  if (budget && !mayGoUnhealthy(pod, budget)) {
    const now = timeText(context.clock.now());
    const change = (object: AnyObject) =>
      decrement(object as unknown as PodDisruptionBudget, name.name, now) as unknown as AnyObject;
    if (context.dryRun || options.dryRun?.length) change(budget as unknown as AnyObject);
    else await context.objects.update(poddisruptionbudgets, name.namespace, budget.metadata.name, change, "status");
  }
  return remove(pod, options, context);
}

/** pods/eviction */
export const podEviction: CreateSubresource = { definition: "policy.v1.Eviction", create: evict };
