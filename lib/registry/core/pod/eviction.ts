/** Eviction: a deletion that disruption budgets may refuse (upstream: pkg/registry/core/pod/storage/eviction.go). */
import { failure, isConflict, newConflict, newInvalid, newNotFound } from "../../../apimachinery/errors.ts";
import type { AnyObject } from "../../../apimachinery/meta.ts";
import { invalid, path } from "../../../apimachinery/validation/field.ts";
import type { Pod } from "../../../openapi/types/core-v1.ts";
import type { Eviction, PodDisruptionBudget } from "../../../openapi/types/policy-v1.ts";
import { poddisruptionbudgets, pods } from "../../../openapi/types/resources.ts";
import type { CreateSubresource, DeleteOptions, StrategyContext } from "../../strategy.ts";
import { setPodCondition } from "./conditions.ts";
import { allowsUnhealthy, budgetsOf, stillBeingProcessed, takeDisruption } from "./disruption-budget.ts";

const kind = { group: "policy", kind: "Eviction" };
const maxRetries = 20;
const success = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };

interface Order {
  readonly namespace: string;
  readonly name: string;
  readonly options: DeleteOptions;
  readonly dryRun: boolean;
  readonly context: StrategyContext;
}

async function getPod({ namespace, name, context }: Order): Promise<Pod> {
  const pod = await context.objects.get(pods, namespace, name);
  if (!pod) throw newNotFound(pods, name);
  return pod as unknown as Pod;
}

const isOver = ({ metadata, status }: Pod) =>
  status?.phase === "Succeeded" || status?.phase === "Failed" || metadata.deletionTimestamp !== undefined;

const isReady = ({ status }: Pod) =>
  status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;

function checkPreconditions({ metadata }: Pod, { preconditions }: DeleteOptions): void {
  const gr = { group: "", resource: "Pod" };
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid && uid !== metadata.uid) {
    const text = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw newConflict(gr, metadata.name, text);
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    const text = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw newConflict(gr, metadata.name, text);
  }
}

/** Says in the pod's status why it ends, and deletes it. `unchangedSince`: only as long as it is that version. */
async function markAndDelete(order: Order, unchangedSince?: string): Promise<void> {
  const { namespace, name, context } = order;
  const options: DeleteOptions = { ...order.options };
  const asked = options.preconditions?.resourceVersion;
  if (unchangedSince !== undefined && asked === undefined) {
    options.preconditions = { ...options.preconditions, resourceVersion: unchangedSince };
  }
  if (order.dryRun) return checkPreconditions(await getPod(order), options);
  const marked = await context.objects.update(
    pods,
    namespace,
    name,
    (object) => {
      const pod = object as unknown as Pod;
      checkPreconditions(pod, options);
      const [reason, message] = ["EvictionByEvictionAPI", "Eviction API: evicting"];
      pod.status ??= {};
      setPodCondition(pod.status, { type: "DisruptionTarget", status: "True", reason, message }, context.clock.now());
      return object;
    },
    "eviction",
  );
  if (options.preconditions?.resourceVersion !== undefined) {
    options.preconditions = { ...options.preconditions, resourceVersion: marked.metadata.resourceVersion };
  }
  await context.objects.delete(pods, namespace, name, options);
}

/** Whether the pod could go (and has gone) without asking a budget. */
async function evictedFreely(order: Order): Promise<Pod | undefined> {
  for (let attempt = 1; ; attempt++) {
    const pod = await getPod(order);
    if (!isOver(pod) && pod.status?.phase !== "Pending") return pod;
    try {
      await markAndDelete(order, isOver(pod) ? undefined : pod.metadata.resourceVersion);
      return undefined;
    } catch (error) {
      const final = !isConflict(error) || order.options.preconditions?.resourceVersion !== undefined;
      if (final || attempt === maxRetries) throw error;
    }
  }
}

/** Asks the pod's budget. Gives the version that the pod must still have when it is deleted, if that matters. */
async function askBudget(order: Order, pod: Pod, budget: PodDisruptionBudget): Promise<string | undefined> {
  const { namespace, name, context } = order;
  if (!isReady(pod) && allowsUnhealthy(budget)) return pod.metadata.resourceVersion;
  const now = context.clock.now();
  if (order.dryRun) takeDisruption(budget, name, now);
  else {
    const take = (object: AnyObject) => {
      takeDisruption(object as unknown as PodDisruptionBudget, name, now);
      return object;
    };
    await context.objects.update(poddisruptionbudgets, namespace, budget.metadata.name, take, "status");
  }
  return undefined;
}

async function evict(order: Order): Promise<AnyObject> {
  const { namespace, context } = order;
  const pod = await evictedFreely(order);
  if (!pod) return success;
  const all = (await context.objects.list(poddisruptionbudgets, namespace)) as unknown as PodDisruptionBudget[];
  const budgets = budgetsOf(pod, all);
  if (budgets.length > 1) {
    const text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    throw failure(500, "", text);
  }
  const [budget] = budgets;
  const since = budget ? await askBudget(order, pod, budget) : undefined;
  try {
    await markAndDelete(order, since);
  } catch (error) {
    const ours = since !== undefined && order.options.preconditions?.resourceVersion === undefined;
    throw ours && isConflict(error) ? stillBeingProcessed(budget.metadata.name) : error;
  }
  return success;
}

/** pods/eviction */
export const podEviction: CreateSubresource = {
  definition: "policy.v1.Eviction",
  async create({ namespace, name }, body, context) {
    const { metadata, deleteOptions } = body as unknown as Eviction;
    if (metadata?.name !== name) throw failure(400, "BadRequest", "name in URL does not match name in Eviction object");
    const options = (deleteOptions ?? {}) as DeleteOptions & Record<string, unknown>;
    if (options.ignoreStoreReadErrorWithClusterBreakingPotential === true) {
      const field = path("deleteOptions", "ignoreStoreReadErrorWithClusterBreakingPotential");
      const text = "can not be set for pod eviction, try after removing the option";
      throw newInvalid(kind, name, [invalid(field, true, text)]);
    }
    const { dryRun: asked = [], ...rest } = options;
    const dryRun = context.dryRun || asked.length > 0;
    return evict({ namespace, name, options: rest, dryRun, context });
  },
};
