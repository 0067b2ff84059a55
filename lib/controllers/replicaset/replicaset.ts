/** Keeps as many pods as a ReplicaSet wants (upstream: controller/replicaset/replica_set.go). */
import { semanticEqual } from "../../apimachinery/equality.ts";
import { labelSelectorAsSelector, nothing, type Selector, selectorFromSet } from "../../apimachinery/labels.ts";
import { controllerOf, keyOf, type Resource } from "../../apimachinery/meta.ts";
import type { ReplicaSet } from "../../openapi/types/apps-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { pods, replicasets, replicationcontrollers } from "../../openapi/types/resources.ts";
import { claimObjects } from "../claim.ts";
import {
  type Change,
  type Controller,
  type ControllerContext,
  ownKey,
  type Result,
  type Source,
  source,
} from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { OwnWrites } from "../own-writes.ts";
import { controllerKey, indexByController, newControllerRef, orphansIn, ownedBy } from "../owned.ts";
import { PodControl, podFromTemplate, slowStart } from "../pod-control.ts";
import { isPodActive, isPodTerminating, nextAvailabilityMs } from "../pod-status.ts";
import { rankForDeletion } from "./ranking.ts";
import { replicaSetStatus } from "./status.ts";

/** Pods that are made or deleted in one go. */
const burstReplicas = 500;
/** When to look again after own writes whose events may have been lost in a new list. */
const unseenRetryMs = 1000;

/** ReplicaSets and their forerunner, which differ in how they select and in what their status says. */
interface Flavour {
  readonly name: string;
  readonly resource: Resource<ReplicaSet>;
  readonly selector: (set: ReplicaSet) => Selector;
  readonly reportsTerminating: boolean;
}

/** The controller; its keys are those of ReplicaSets. */
export function createReplicaSetController(context: ControllerContext): Controller {
  return new ReplicaSetController(context, {
    name: "replicaset-controller",
    resource: replicasets,
    selector: (set) => labelSelectorAsSelector(set.spec.selector),
    reportsTerminating: true,
  });
}

/**
 * The same for ReplicationControllers, whose selector is a map (upstream: controller/replication wraps it likewise).
 */
export function createReplicationControllerController(context: ControllerContext): Controller {
  return new ReplicaSetController(context, {
    name: "replicationcontroller-controller",
    resource: replicationcontrollers as unknown as Resource<ReplicaSet>,
    selector: (set) => mapSelector(set.spec.selector as unknown as Record<string, string> | undefined),
    reportsTerminating: false,
  });
}

/** An empty map selects nothing. */
function mapSelector(selector: Record<string, string> | undefined): Selector {
  return selector === undefined || Object.keys(selector).length === 0 ? nothing : selectorFromSet(selector);
}

class ReplicaSetController implements Controller {
  readonly name: string;
  readonly sources: Source[];
  readonly #flavour: Flavour;
  readonly #context: ControllerContext;
  readonly #control: PodControl;
  readonly #writes = new OwnWrites();

  constructor(context: ControllerContext, flavour: Flavour) {
    this.name = flavour.name;
    this.#flavour = flavour;
    this.#context = context;
    this.sources = [source(flavour.resource, ownKey), source(pods, (change: Change<Pod>) => this.#podKeys(change))];
    this.#control = new PodControl(context.client, context.events);
    indexByController(this.#pods);
    indexByController(this.#sets);
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  get #sets() {
    return this.#context.informers.get(this.#flavour.resource);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#writes.forget(key);
      return undefined;
    }
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const selector = this.#flavour.selector(set);
    const { uid, namespace } = set.metadata;
    const candidates = [...ownedBy(this.#pods, uid), ...orphansIn(this.#pods, namespace)];
    const living = this.#writes.withoutDeleted(key, candidates.filter(isPodActive));
    const active = await this.#claim(key, set, selector, living);
    const terminating = candidates.filter(
      (pod) => isPodTerminating(pod) && controllerOf(pod)?.uid === uid && selector.matches(pod.metadata.labels ?? {}),
    );
    const failure = set.metadata.deletionTimestamp === undefined ? await this.#manage(key, set, active) : undefined;
    return this.#report(key, set, active, terminating, failure);
  }

  #claim(key: string, set: ReplicaSet, selector: Selector, candidates: readonly Pod[]): Promise<Pod[]> {
    const claim = {
      client: this.#context.client,
      owner: set,
      ownerResource: this.#flavour.resource,
      resource: pods,
      selector,
      onWrite: (pod: Pod) => this.#writes.wrote(key, this.#pods, pod),
    };
    return claimObjects(claim, candidates);
  }

  /** Makes or deletes pods. Gives the first error. */
  async #manage(key: string, set: ReplicaSet, active: readonly Pod[]): Promise<Error | undefined> {
    const surplus = active.length - (set.spec.replicas ?? 1);
    if (surplus < 0) return this.#create(key, set, Math.min(-surplus, burstReplicas));
    if (surplus === 0) return undefined;
    const count = Math.min(surplus, burstReplicas);
    const ranked =
      count < active.length ? rankForDeletion(active, this.#related(set), this.#context.clock.now()) : active;
    return this.#delete(key, set, ranked.slice(0, count));
  }

  async #create(key: string, set: ReplicaSet, count: number): Promise<Error | undefined> {
    const ref = newControllerRef(this.#flavour.resource, set);
    const error = await slowStart(count, async () => {
      try {
        const pod = podFromTemplate(set.spec.template ?? {}, set, ref);
        this.#writes.wrote(key, this.#pods, await this.#control.create(pod, set));
      } catch (error) {
        if (!isNamespaceTerminating(error)) throw error;
      }
    });
    return error as Error | undefined;
  }

  async #delete(key: string, set: ReplicaSet, surplus: readonly Pod[]): Promise<Error | undefined> {
    const results = await Promise.allSettled(
      surplus.map(async (pod) => {
        await this.#control.delete(pod, set);
        this.#writes.deleted(key, pod.metadata.uid);
      }),
    );
    return results.find((result) => result.status === "rejected")?.reason;
  }

  /** The active pods of all ReplicaSets of the same Deployment: pods on crowded nodes go first. */
  #related(set: ReplicaSet): Pod[] {
    const controller = controllerOf(set);
    const sets = controller === undefined ? [set] : ownedBy(this.#sets, controller.uid);
    return sets.flatMap((one) => ownedBy(this.#pods, one.metadata.uid)).filter(isPodActive);
  }

  async #report(
    key: string,
    set: ReplicaSet,
    active: readonly Pod[],
    terminating: readonly Pod[],
    failure: Error | undefined,
  ): Promise<Result | undefined> {
    const { client, clock } = this.#context;
    const now = clock.now();
    const { terminatingReplicas, ...counted } = replicaSetStatus(set, active, terminating, failure, now);
    const status = this.#flavour.reportsTerminating ? { ...counted, terminatingReplicas } : counted;
    if (!semanticEqual(status, { ...set.status })) {
      const written = await client.update(this.#flavour.resource, { ...set, status }, { subresource: "status" });
      this.#writes.wrote(key, this.#sets, written);
    }
    if (failure !== undefined) throw failure;
    const { minReadySeconds = 0 } = set.spec;
    const next = minReadySeconds > 0 ? nextAvailabilityMs(active, minReadySeconds, now) : undefined;
    return next === undefined ? undefined : { requeueAfterMs: next };
  }

  #podKeys({ object, old }: Change<Pod>): Set<string> {
    const keys = new Set<string>();
    for (const pod of [object, old]) {
      const key = controllerKey(this.#flavour.resource, pod);
      if (key !== undefined) keys.add(key);
    }
    // An orphan interests whoever selects it; that it is gone interests nobody.
    if (object === undefined || controllerOf(object) !== undefined) return keys;
    for (const set of this.#sets.list(object.metadata.namespace)) {
      if (this.#flavour.selector(set).matches(object.metadata.labels ?? {})) keys.add(keyOf(set));
    }
    return keys;
  }
}
