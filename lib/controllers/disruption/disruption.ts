/**
 * Says of each disruption budget how many of its pods may go, and takes back the word that a pod is to be disrupted
 * when nothing came of it (upstream: controller/disruption/disruption.go).
 */
import { timeText } from "../../apimachinery/clock.ts";
import { semanticEqual } from "../../apimachinery/equality.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors.ts";
import { labelSelectorAsSelector } from "../../apimachinery/labels.ts";
import { keyOf } from "../../apimachinery/meta.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import type { PodDisruptionBudget } from "../../openapi/types/policy-v1.ts";
import { poddisruptionbudgets, pods } from "../../openapi/types/resources.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { isPodReady, podCondition } from "../pod-status.ts";
import { expectationOf, scaleSources } from "./expected.ts";
import { type BudgetStatus, budgetStatus, failedStatus, stillDisrupted } from "./status.ts";

/** A pod that was to be disrupted and is there after this is left alone again. */
const staleMs = 120_000;
/** Keys of pods among those of budgets: no namespace begins so. */
const podPrefix = "pod:";

/** The controller; its keys are those of budgets and, with a prefix, of pods that are to be disrupted. */
export function createDisruptionController(context: ControllerContext): Controller {
  return new DisruptionController(context);
}

class DisruptionController implements Controller {
  readonly name = "disruption-controller";
  readonly sources = [
    source(poddisruptionbudgets, ownKey),
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
  ];
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    for (const resource of [...scaleSources, pods, poddisruptionbudgets]) context.informers.get(resource);
  }

  reconcile(key: string): Promise<Result | undefined> {
    return key.startsWith(podPrefix) ? this.#reconcilePod(key.slice(podPrefix.length)) : this.#reconcileBudget(key);
  }

  async #reconcileBudget(key: string): Promise<Result | undefined> {
    const budget = this.#context.informers.get(poddisruptionbudgets).get(key);
    if (budget === undefined) return undefined;
    try {
      return await this.#look(budget);
    } catch (error) {
      // Somebody else wrote it, an eviction say: its event sets this off again.
      if (isConflict(error) || isNotFound(error)) throw error;
      await this.#write(budget, failedStatus(budget, (error as Error).message, this.#context.clock.now()));
      throw error;
    }
  }

  async #look(budget: PodDisruptionBudget): Promise<Result | undefined> {
    const { informers, events, clock } = this.#context;
    const covered = this.#podsOf(budget);
    if (covered.length === 0) events.event(budget, "Normal", "NoPods", "No matching pods found");
    let expectation: ReturnType<typeof expectationOf>;
    try {
      expectation = expectationOf(budget, covered, informers);
    } catch (error) {
      const text = `Failed to calculate the number of expected pods: ${(error as Error).message}`;
      events.event(budget, "Warning", "CalculateExpectedPodCountFailed", text);
      throw error;
    }
    if (expectation.unmanaged.length > 0) this.#tellUnmanaged(budget);
    const now = clock.now();
    const { disrupted, overdue, recheckAt } = stillDisrupted(budget, covered, now);
    for (const pod of overdue) {
      const { namespace, name } = budget.metadata;
      const text = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
      events.event(pod, "Warning", "NotDeleted", text);
    }
    const healthy = covered.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined && !(pod.metadata.name in disrupted) && isPodReady(pod),
    ).length;
    await this.#write(budget, budgetStatus(budget, { ...expectation, healthy, disrupted }, now));
    return recheckAt === undefined ? undefined : { requeueAfterMs: Math.max(0, recheckAt - now) + 1 };
  }

  #tellUnmanaged(budget: PodDisruptionBudget): void {
    const selector = labelSelectorAsSelector(budget.spec.selector).toString();
    const text = `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
    this.#context.events.event(budget, "Warning", "UnmanagedPods", text);
  }

  async #write(budget: PodDisruptionBudget, status: BudgetStatus): Promise<void> {
    if (semanticEqual(status, budget.status)) return;
    await this.#context.client.update(poddisruptionbudgets, { ...budget, status }, { subresource: "status" });
  }

  #podsOf({ metadata, spec }: PodDisruptionBudget): Pod[] {
    const selector = labelSelectorAsSelector(spec.selector);
    const all = this.#context.informers.get(pods).list(metadata.namespace);
    return all.filter((pod) => selector.matches(pod.metadata.labels ?? {}));
  }

  async #reconcilePod(key: string): Promise<Result | undefined> {
    const { client, informers, clock } = this.#context;
    const pod = informers.get(pods).get(key);
    const condition = pod && disruptionTarget(pod);
    if (!condition) return undefined;
    const now = clock.now();
    const leftMs = Date.parse(condition.lastTransitionTime ?? timeText(now)) + staleMs - now;
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const { namespace, name, uid } = pod.metadata;
    const lastTransitionTime = timeText(now);
    const conditions = [{ type: "DisruptionTarget", status: "False", lastTransitionTime, reason: null, message: null }];
    const patch = { metadata: { uid }, status: { conditions } };
    try {
      await client.patch(pods, { namespace, name }, "strategic", patch, { subresource: "status" });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return undefined;
  }

  *#podKeys({ object, old }: Change<Pod>): Iterable<string> {
    if (object !== undefined && disruptionTarget(object)) yield podPrefix + keyOf(object);
    const some = object ?? old;
    if (some === undefined) return;
    for (const budget of this.#context.informers.get(poddisruptionbudgets).list(some.metadata.namespace)) {
      const selector = labelSelectorAsSelector(budget.spec.selector);
      if ([object, old].some((pod) => pod && selector.matches(pod.metadata.labels ?? {}))) yield keyOf(budget);
    }
  }
}

/** The condition of a living pod that is to be disrupted. */
function disruptionTarget(pod: Pod) {
  const condition = podCondition(pod, "DisruptionTarget");
  return pod.metadata.deletionTimestamp === undefined && condition?.status === "True" ? condition : undefined;
}
