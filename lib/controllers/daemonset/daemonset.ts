/** Keeps one pod on each node that a DaemonSet chooses (upstream: controller/daemon). */
import { deepEqual, semanticEqual } from "../../apimachinery/equality.ts";
import { labelSelectorAsSelector } from "../../apimachinery/labels.ts";
import { controllerOf, keyOf } from "../../apimachinery/meta.ts";
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from "../../openapi/types/apps-v1.ts";
import type { Node, Pod } from "../../openapi/types/core-v1.ts";
import { controllerrevisions, daemonsets, nodes, pods } from "../../openapi/types/resources.ts";
import { claimObjects } from "../claim.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { OwnWrites } from "../own-writes.ts";
import { controllerKey, indexByController, orphansIn, ownedBy } from "../owned.ts";
import { PodControl, slowStart } from "../pod-control.ts";
import { isPodAvailable, isPodReady, nextAvailabilityMs } from "../pod-status.ts";
import { currentRevision, revisionHashLabel, trimRevisions } from "../revision-history.ts";
import { FailureBackoff } from "./backoff.ts";
import { draftDaemonPod, nodeOf, placementOn } from "./placement.ts";
import { type DaemonNode, nextUpdate, updateLimits } from "./update.ts";

const burst = 250;
const unseenRetryMs = 1000;

/** The controller; its keys are those of DaemonSets. */
export function createDaemonSetController(context: ControllerContext): Controller {
  return new DaemonSetController(context);
}

/** What is to be done on the nodes. */
interface Plan {
  readonly create: string[];
  readonly delete: Pod[];
  /** When a failed pod may be replaced that may not be yet. */
  retryMs?: number;
}

class DaemonSetController implements Controller {
  readonly name = "daemonset-controller";
  readonly sources = [
    source(daemonsets, ownKey),
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
    source(nodes, (change: Change<Node>) => this.#nodeKeys(change)),
    source(controllerrevisions, ({ object, old }: Change<ControllerRevision>) => {
      const key = controllerKey(daemonsets, object ?? old);
      return key === undefined ? [] : [key];
    }),
  ];
  readonly #context: ControllerContext;
  readonly #control: PodControl;
  readonly #writes = new OwnWrites();
  readonly #backoff = new FailureBackoff();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#control = new PodControl(context.client, context.events);
    indexByController(this.#pods);
    indexByController(this.#revisions);
  }

  get #sets() {
    return this.#context.informers.get(daemonsets);
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  get #revisions() {
    return this.#context.informers.get(controllerrevisions);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const { client, clock, events } = this.#context;
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#writes.forget(key);
      return undefined;
    }
    if (semanticEqual(set.spec.selector, {})) {
      const message = "This daemon set is selecting all pods. A non-empty selector is required.";
      events.event(set, "Warning", "SelectingAll", message);
      return undefined;
    }
    if (set.metadata.deletionTimestamp !== undefined) return undefined;
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const revisions = ownedBy(this.#revisions, set.metadata.uid);
    const { collisionCount } = set.status ?? {};
    const { template } = set.spec;
    const { hash, revision } = await currentRevision(client, daemonsets, set, template, collisionCount, revisions);
    if (revision === undefined) {
      const status = { ...emptyStatus(set), collisionCount: (collisionCount ?? 0) + 1 };
      await client.update(daemonsets, { ...set, status }, { subresource: "status" });
      return undefined;
    }
    this.#writes.wrote(key, this.#revisions, revision);
    const candidates = this.#candidates(key, set);
    // A node has no room for a second daemon while the first one is ending.
    if (candidates === undefined) return { requeueAfterMs: unseenRetryMs };
    const members = await this.#claim(key, set, candidates);
    const all = this.#context.informers.get(nodes).list();
    const byNode = groupByNode(members);
    const plan = this.#plan(set, all, byNode, hash, clock.now());
    const failure = await this.#carryOut(key, set, hash, plan);
    const live = new Set(members.map((pod) => pod.metadata.labels?.[revisionHashLabel] ?? ""));
    const inUse = ({ metadata }: ControllerRevision) =>
      metadata.uid === revision.metadata.uid || live.has(metadata.labels?.[revisionHashLabel] ?? "");
    await trimRevisions(client, revisions, inUse, set.spec.revisionHistoryLimit ?? 10);
    await this.#report(key, set, all, byNode, hash);
    if (failure !== undefined) throw failure;
    const { minReadySeconds = 0 } = set.spec;
    const next = minReadySeconds > 0 ? nextAvailabilityMs(members, minReadySeconds, clock.now()) : undefined;
    const afterMs = Math.min(next ?? Number.POSITIVE_INFINITY, plan.retryMs ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(afterMs) ? { requeueAfterMs: afterMs } : undefined;
  }

  /** The pods that it has or may adopt; undefined while the informer does not know of all that have been deleted. */
  #candidates(key: string, set: DaemonSet): Pod[] | undefined {
    const { uid, namespace } = set.metadata;
    const all = [...ownedBy(this.#pods, uid), ...orphansIn(this.#pods, namespace)];
    const living = all.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    return this.#writes.withoutDeleted(key, living).length === living.length ? all : undefined;
  }

  #claim(key: string, set: DaemonSet, candidates: readonly Pod[]): Promise<Pod[]> {
    const claim = {
      client: this.#context.client,
      owner: set,
      ownerResource: daemonsets,
      resource: pods,
      selector: labelSelectorAsSelector(set.spec.selector),
      onWrite: (pod: Pod) => this.#writes.wrote(key, this.#pods, pod),
    };
    return claimObjects(claim, candidates);
  }

  #plan(
    set: DaemonSet,
    all: readonly Node[],
    byNode: ReadonlyMap<string, readonly Pod[]>,
    hash: string,
    now: number,
  ): Plan {
    const plan: Plan = { create: [], delete: [] };
    const known = new Set<string>();
    const wanted: DaemonNode[] = [];
    for (const node of all) {
      const { name } = node.metadata;
      known.add(name);
      const there = byNode.get(name) ?? [];
      const { run, stay } = placementOn(set, node);
      if (run) wanted.push({ name, pods: there });
      if (run && there.length === 0) plan.create.push(name);
      else if (stay) plan.delete.push(...this.#surplus(set, there, name, hash, now, plan));
      else plan.delete.push(...there.filter((pod) => pod.metadata.deletionTimestamp === undefined));
    }
    // Nobody will ever schedule pods that are for nodes that are gone.
    for (const [name, there] of byNode) if (!known.has(name)) plan.delete.push(...there.filter(isUnscheduled));
    const settled = plan.create.length === 0 && plan.delete.length === 0 && plan.retryMs === undefined;
    if (settled && set.spec.updateStrategy?.type === "RollingUpdate") return nextUpdate(set, wanted, hash, now);
    return plan;
  }

  /** Pods that have ended, and all but the oldest of those that run; while surging, one of each revision stays. */
  #surplus(set: DaemonSet, there: readonly Pod[], node: string, hash: string, now: number, plan: Plan): Pod[] {
    const surplus: Pod[] = [];
    const running: Pod[] = [];
    for (const pod of there) {
      if (pod.metadata.deletionTimestamp !== undefined) continue;
      const { phase } = pod.status ?? {};
      if (phase === "Failed" || phase === "Succeeded") {
        const waitMs = phase === "Failed" ? this.#backoff.take(`${set.metadata.uid} ${hash} ${node}`, now) : 0;
        if (waitMs > 0) {
          plan.retryMs = Math.min(plan.retryMs ?? waitMs, waitMs);
          continue;
        }
        surplus.push(pod);
        const reason = phase === "Failed" ? "FailedDaemonPod" : "SucceededDaemonPod";
        const type = phase === "Failed" ? "Warning" : "Normal";
        const what = phase === "Failed" ? "failed" : "succeeded";
        const action = phase === "Failed" ? "will try to kill it" : "will try to delete it";
        const message = `Found ${what} daemon pod ${keyOf(pod)} on node ${node}, ${action}`;
        this.#context.events.event(set, type, reason, message);
      } else running.push(pod);
    }
    running.sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
    if (updateLimits(set, 1).surge === 0) return [...surplus, ...running.slice(1)];
    const isNew = (pod: Pod) => pod.metadata.labels?.[revisionHashLabel] === hash;
    const [fresh, ...doubles] = running.filter(isNew);
    const [, ...others] = running.filter((pod) => !isNew(pod));
    const replaced = fresh !== undefined && isPodAvailable(fresh, set.spec.minReadySeconds ?? 0, now);
    const old = replaced ? running.filter((pod) => !isNew(pod)) : others;
    return [...surplus, ...doubles, ...old];
  }

  async #carryOut(key: string, set: DaemonSet, hash: string, plan: Plan): Promise<unknown> {
    const names = plan.create.slice(0, burst);
    let next = 0;
    const error = await slowStart(names.length, async () => {
      const draft = draftDaemonPod(set, names[next++], hash);
      try {
        this.#writes.wrote(key, this.#pods, await this.#control.create(draft, set));
      } catch (error) {
        if (!isNamespaceTerminating(error)) throw error;
      }
    });
    const results = await Promise.allSettled(
      plan.delete.slice(0, burst).map(async (pod) => {
        await this.#control.delete(pod, set);
        this.#writes.deleted(key, pod.metadata.uid);
      }),
    );
    return error ?? results.find((result) => result.status === "rejected")?.reason;
  }

  async #report(
    key: string,
    set: DaemonSet,
    all: readonly Node[],
    byNode: ReadonlyMap<string, readonly Pod[]>,
    hash: string,
  ): Promise<void> {
    const { client, clock } = this.#context;
    const status = statusOf(set, all, byNode, hash, clock.now());
    if (semanticEqual(status, set.status)) return;
    const written = await client.update(daemonsets, { ...set, status }, { subresource: "status" });
    this.#writes.wrote(key, this.#sets, written);
  }

  #podKeys({ object, old }: Change<Pod>): Set<string> {
    const keys = new Set<string>();
    for (const pod of [object, old]) {
      const key = controllerKey(daemonsets, pod);
      if (key !== undefined) keys.add(key);
    }
    if (object === undefined || controllerOf(object) !== undefined) return keys;
    for (const set of this.#sets.list(object.metadata.namespace)) {
      if (labelSelectorAsSelector(set.spec.selector).matches(object.metadata.labels ?? {})) keys.add(keyOf(set));
    }
    return keys;
  }

  /** Heartbeats change nothing; what decides about placement does. */
  #nodeKeys({ object, old }: Change<Node>): string[] {
    const same =
      object !== undefined &&
      old !== undefined &&
      deepEqual(object.metadata.labels, old.metadata.labels) &&
      deepEqual(object.spec?.taints, old.spec?.taints);
    return same ? [] : this.#sets.list().map(keyOf);
  }
}

function groupByNode(members: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of members) {
    const node = nodeOf(pod);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

function isUnscheduled(pod: Pod): boolean {
  return !pod.spec.nodeName && pod.metadata.deletionTimestamp === undefined;
}

function emptyStatus(set: DaemonSet): DaemonSetStatus {
  const { currentNumberScheduled = 0, desiredNumberScheduled = 0 } = set.status ?? {};
  const { numberMisscheduled = 0, numberReady = 0 } = set.status ?? {};
  return { ...set.status, currentNumberScheduled, desiredNumberScheduled, numberMisscheduled, numberReady };
}

function statusOf(
  set: DaemonSet,
  all: readonly Node[],
  byNode: ReadonlyMap<string, readonly Pod[]>,
  hash: string,
  now: number,
): DaemonSetStatus {
  let [desired, current, misscheduled, ready, updated, available] = [0, 0, 0, 0, 0, 0];
  for (const node of all) {
    const there = byNode.get(node.metadata.name) ?? [];
    if (!placementOn(set, node).run) {
      if (there.length > 0) misscheduled++;
      continue;
    }
    desired++;
    if (there.length === 0) continue;
    current++;
    const [pod] = [...there].sort((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
    if (isPodReady(pod)) ready++;
    if (isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now)) available++;
    if (there.some((one) => one.metadata.labels?.[revisionHashLabel] === hash)) updated++;
  }
  const counted = (field: keyof DaemonSetStatus, value: number) => (value === 0 ? {} : { [field]: value });
  const { collisionCount, conditions } = set.status ?? {};
  return {
    currentNumberScheduled: current,
    desiredNumberScheduled: desired,
    numberMisscheduled: misscheduled,
    numberReady: ready,
    ...counted("updatedNumberScheduled", updated),
    ...counted("numberAvailable", available),
    ...counted("numberUnavailable", desired - available),
    ...counted("observedGeneration", set.metadata.generation ?? 0),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}
