/** Keeps pods with an identity, one for each ordinal (upstream: controller/statefulset). */
import { semanticEqual } from "../../apimachinery/equality.ts";
import { isAlreadyExists, isNotFound } from "../../apimachinery/errors.ts";
import { labelSelectorAsSelector } from "../../apimachinery/labels.ts";
import { controllerOf, keyOf } from "../../apimachinery/meta.ts";
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from "../../openapi/types/apps-v1.ts";
import type { Pod, PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import { controllerrevisions, persistentvolumeclaims, pods, statefulsets } from "../../openapi/types/resources.ts";
import { claimObjects } from "../claim.ts";
import { type Change, type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { OwnWrites } from "../own-writes.ts";
import { controllerKey, indexByController, orphansIn, ownedBy } from "../owned.ts";
import { isPodAvailable, isPodReady, isPodTerminal, nextAvailabilityMs } from "../pod-status.ts";
import { currentRevision, trimRevisions } from "../revision-history.ts";
import { type ClaimControl, ensureClaims, retainClaims } from "./claims.ts";
import { draftMember, missingLabels, ordinalOf, ordinalRange, revisionOf } from "./identity.ts";

const hashLabel = "controller.kubernetes.io/hash";
const unseenRetryMs = 1000;

/** The controller; its keys are those of StatefulSets. */
export function createStatefulSetController(context: ControllerContext): Controller {
  return new StatefulSetController(context);
}

/** One look at a StatefulSet. */
interface Look {
  readonly key: string;
  readonly set: StatefulSet;
  readonly now: number;
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  /** By ordinal; those beyond the range are condemned. */
  readonly members: ReadonlyMap<number, Pod>;
}

class StatefulSetController implements Controller {
  readonly name = "statefulset-controller";
  readonly sources = [
    source(statefulsets, ownKey),
    source(pods, (change: Change<Pod>) => this.#podKeys(change)),
    source(controllerrevisions, ({ object, old }: Change<ControllerRevision>) => {
      const key = controllerKey(statefulsets, object ?? old);
      return key === undefined ? [] : [key];
    }),
  ];
  readonly #context: ControllerContext;
  readonly #writes = new OwnWrites();

  constructor(context: ControllerContext) {
    this.#context = context;
    indexByController(this.#pods);
    indexByController(this.#revisions);
    context.informers.get(persistentvolumeclaims);
  }

  get #sets() {
    return this.#context.informers.get(statefulsets);
  }

  get #pods() {
    return this.#context.informers.get(pods);
  }

  get #revisions() {
    return this.#context.informers.get(controllerrevisions);
  }

  get #claims(): ClaimControl {
    const { client, events, informers } = this.#context;
    return { client, events, claims: informers.get(persistentvolumeclaims) };
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const set = this.#sets.get(key);
    if (set?.spec === undefined) {
      this.#writes.forget(key);
      return undefined;
    }
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const { client, clock } = this.#context;
    const revisions = ownedBy(this.#revisions, set.metadata.uid);
    const { template, revisionHistoryLimit = 10, minReadySeconds = 0 } = set.spec;
    const { collisionCount, currentRevision: name } = set.status ?? {};
    const { revision } = await currentRevision(
      client,
      statefulsets,
      set,
      template,
      collisionCount,
      revisions,
      hashLabel,
    );
    if (revision === undefined) {
      const status = { replicas: 0, ...set.status, collisionCount: (collisionCount ?? 0) + 1 };
      await client.update(statefulsets, { ...set, status }, { subresource: "status" });
      return undefined;
    }
    this.#writes.wrote(key, this.#revisions, revision);
    const candidates = this.#candidates(key, set);
    if (candidates === undefined) return { requeueAfterMs: unseenRetryMs };
    const claimed = await this.#claim(key, set, candidates);
    const members = new Map(claimed.map((pod) => [ordinalOf(set, pod) ?? -1, pod]));
    const current = revisions.find(({ metadata }) => metadata.name === name) ?? revision;
    const look: Look = { key, set, now: clock.now(), current, update: revision, members };
    let problem: unknown;
    try {
      if (set.metadata.deletionTimestamp === undefined) await this.#work(look);
    } catch (error) {
      if (!isNamespaceTerminating(error)) problem = error;
    }
    await this.#report(look);
    const used = new Set([current.metadata.name, revision.metadata.name, ...claimed.map(revisionOf)]);
    await trimRevisions(client, revisions, ({ metadata }) => used.has(metadata.name), revisionHistoryLimit);
    if (problem !== undefined) throw problem;
    const next = minReadySeconds > 0 ? nextAvailabilityMs(claimed, minReadySeconds, look.now) : undefined;
    return next === undefined ? undefined : { requeueAfterMs: next };
  }

  /** The pods that it has or may adopt; undefined while the informer does not know of all that have been deleted. */
  #candidates(key: string, set: StatefulSet): Pod[] | undefined {
    const { uid, namespace } = set.metadata;
    const all = [...ownedBy(this.#pods, uid), ...orphansIn(this.#pods, namespace)];
    const living = all.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    if (this.#writes.withoutDeleted(key, living).length !== living.length) return undefined;
    return all.filter((pod) => ordinalOf(set, pod) !== undefined);
  }

  #claim(key: string, set: StatefulSet, candidates: readonly Pod[]): Promise<Pod[]> {
    const claim = {
      client: this.#context.client,
      owner: set,
      ownerResource: statefulsets,
      resource: pods,
      selector: labelSelectorAsSelector(set.spec?.selector),
      onWrite: (pod: Pod) => this.#writes.wrote(key, this.#pods, pod),
    };
    return claimObjects(claim, candidates);
  }

  /** Makes what is missing, in order; then takes what is too much, from the end; then replaces what is old. */
  async #work(look: Look): Promise<void> {
    const { set, members } = look;
    const ordered = set.spec?.podManagementPolicy !== "Parallel";
    const [first, end] = ordinalRange(set);
    for (let ordinal = first; ordinal < end; ordinal++) {
      if (!(await this.#keep(look, ordinal, ordered)) && ordered) return;
    }
    const condemned = [...members.keys()].filter((ordinal) => ordinal < first || ordinal >= end).sort((a, b) => b - a);
    const unhealthy = this.#firstUnhealthy(look);
    for (const ordinal of condemned) {
      const pod = members.get(ordinal);
      if (pod === undefined) continue;
      await retainClaims(this.#claims, set, pod, ordinal, true);
      if (pod.metadata.deletionTimestamp !== undefined) {
        if (ordered) return;
        continue;
      }
      // In order: one that does not work may only go before the others if it is the first of them.
      if (ordered && !isHealthy(look, pod) && pod !== unhealthy) return;
      await this.#delete(look, pod);
      if (ordered) return;
    }
    if (set.spec?.updateStrategy?.type === "RollingUpdate") await this.#roll(look);
  }

  #firstUnhealthy(look: Look): Pod | undefined {
    const sorted = [...look.members].sort(([a], [b]) => a - b);
    return sorted.find(([, pod]) => !isHealthy(look, pod))?.[1];
  }

  /** Whether the member of an ordinal is there and works. */
  async #keep(look: Look, ordinal: number, ordered: boolean): Promise<boolean> {
    const { set, members } = look;
    const pod = members.get(ordinal);
    if (pod === undefined) {
      await this.#create(look, ordinal);
      return false;
    }
    if (isPodTerminal(pod)) {
      if (pod.metadata.deletionTimestamp === undefined) await this.#recreate(look, pod);
      return false;
    }
    if (pod.status?.phase === "Pending") await ensureClaims(this.#claims, set, ordinal);
    if (ordered && !isHealthy(look, pod)) return false;
    await retainClaims(this.#claims, set, pod, ordinal, false);
    const labels = missingLabels(pod, ordinal);
    if (labels !== undefined) {
      const patch = { metadata: { labels } };
      const written = await this.#context.client.patch(pods, pod.metadata, "merge", patch);
      this.#writes.wrote(look.key, this.#pods, written);
    }
    return true;
  }

  async #recreate(look: Look, pod: Pod): Promise<void> {
    const { set } = look;
    const failed = pod.status?.phase === "Failed";
    const reason = failed ? "RecreatingFailedPod" : "RecreatingTerminatedPod";
    const what = failed ? "failed" : "terminated";
    const message = `StatefulSet ${keyOf(set)} is recreating ${what} Pod ${pod.metadata.name}`;
    this.#context.events.event(set, failed ? "Warning" : "Normal", reason, message);
    await this.#delete(look, pod);
  }

  async #create(look: Look, ordinal: number): Promise<void> {
    const { key, set } = look;
    const { client, events } = this.#context;
    const revision = this.#revisionFor(look, ordinal);
    if (!(await ensureClaims(this.#claims, set, ordinal))) return;
    const draft = draftMember(set, templateOf(revision), ordinal, revision.metadata.name);
    const what = `create Pod ${draft.metadata.name} in StatefulSet ${set.metadata.name}`;
    try {
      this.#writes.wrote(key, this.#pods, await client.create(pods, draft));
      events.event(set, "Normal", "SuccessfulCreate", `${what} successful`);
    } catch (error) {
      if (isAlreadyExists(error)) return;
      if (!isNamespaceTerminating(error))
        events.event(set, "Warning", "FailedCreate", `${what} failed error: ${(error as Error).message}`);
      throw error;
    }
  }

  /** While a rollout is on its way down the ordinals, those that it has not reached are made as they were. */
  #revisionFor({ set, current, update }: Look, ordinal: number): ControllerRevision {
    const { updateStrategy } = set.spec ?? {};
    if (updateStrategy?.type !== "RollingUpdate" || current.metadata.name === update.metadata.name) return update;
    const [first] = ordinalRange(set);
    const { partition = 0 } = updateStrategy.rollingUpdate ?? {};
    const kept = partition > 0 ? partition : (set.status?.currentReplicas ?? 0);
    return ordinal < first + kept ? current : update;
  }

  async #delete(look: Look, pod: Pod): Promise<void> {
    const { key, set } = look;
    const { client, events } = this.#context;
    const { namespace, name, uid } = pod.metadata;
    const what = `delete Pod ${name} in StatefulSet ${set.metadata.name}`;
    try {
      await client.delete(pods, { namespace, name }, { uid });
      events.event(set, "Normal", "SuccessfulDelete", `${what} successful`);
    } catch (error) {
      if (!isNotFound(error)) {
        events.event(set, "Warning", "FailedDelete", `${what} failed error: ${(error as Error).message}`);
        throw error;
      }
    }
    this.#writes.deleted(key, uid);
  }

  async #roll(look: Look): Promise<void> {
    const { set, members, update } = look;
    const { partition = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {};
    const [first, end] = ordinalRange(set);
    const count = end - first;
    const limit =
      typeof maxUnavailable === "number"
        ? maxUnavailable
        : Math.max(1, Math.floor((Number.parseInt(maxUnavailable, 10) * count) / 100));
    let room = limit;
    for (let ordinal = first; ordinal < end; ordinal++) {
      const pod = members.get(ordinal);
      if (pod === undefined || !isHealthy(look, pod)) room--;
    }
    for (let ordinal = end - 1; ordinal >= first + partition && room > 0; ordinal--) {
      const pod = members.get(ordinal);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      if (revisionOf(pod) === update.metadata.name) continue;
      await this.#delete(look, pod);
      room--;
    }
  }

  async #report(look: Look): Promise<void> {
    const { key, set } = look;
    const status = statusOf(look);
    if (semanticEqual(status, set.status)) return;
    const written = await this.#context.client.update(statefulsets, { ...set, status }, { subresource: "status" });
    this.#writes.wrote(key, this.#sets, written);
  }

  #podKeys({ object, old }: Change<Pod>): Set<string> {
    const keys = new Set<string>();
    for (const pod of [object, old]) {
      const key = controllerKey(statefulsets, pod);
      if (key !== undefined) keys.add(key);
    }
    if (object === undefined || controllerOf(object) !== undefined) return keys;
    for (const set of this.#sets.list(object.metadata.namespace)) {
      if (labelSelectorAsSelector(set.spec?.selector).matches(object.metadata.labels ?? {})) keys.add(keyOf(set));
    }
    return keys;
  }
}

/** Running and available, and not on its way out. */
function isHealthy({ set, now }: Look, pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase !== "Running") return false;
  return isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now);
}

function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { template = {} } = (data?.spec ?? {}) as { template?: PodTemplateSpec & { $patch?: string } };
  const { $patch: _, ...rest } = template;
  return rest;
}

function statusOf(look: Look): StatefulSetStatus {
  const { set, members, current, update, now } = look;
  const [currentName, updateName] = [current.metadata.name, update.metadata.name];
  let [replicas, ready, available, ofCurrent, ofUpdate] = [0, 0, 0, 0, 0];
  for (const pod of members.values()) {
    replicas++;
    if (pod.status?.phase === "Running" && isPodReady(pod)) {
      ready++;
      if (isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, now)) available++;
    }
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    if (revisionOf(pod) === currentName) ofCurrent++;
    if (revisionOf(pod) === updateName) ofUpdate++;
  }
  const wanted = set.spec?.replicas ?? 1;
  const rolling = set.spec?.updateStrategy?.type === "RollingUpdate";
  const complete = rolling && ofUpdate === wanted && ready === wanted && replicas === wanted;
  const { collisionCount, conditions } = set.status ?? {};
  return {
    replicas,
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    availableReplicas: available,
    ...((complete ? ofUpdate : ofCurrent) > 0 ? { currentReplicas: complete ? ofUpdate : ofCurrent } : {}),
    ...(ofUpdate > 0 ? { updatedReplicas: ofUpdate } : {}),
    currentRevision: complete ? updateName : currentName,
    updateRevision: updateName,
    observedGeneration: set.metadata.generation ?? 0,
    collisionCount: collisionCount ?? 0,
    ...(conditions === undefined ? {} : { conditions }),
  };
}
