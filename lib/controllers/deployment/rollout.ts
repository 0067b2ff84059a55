/**
 * One look at a Deployment: scale, roll, clean up, report (upstream: controller/deployment/{sync,rolling,recreate}.go).
 */
import { semanticEqual } from "../../apimachinery/equality.ts";
import { isAlreadyExists, isNotFound } from "../../apimachinery/errors.ts";
import type { Client } from "../../client/interface.ts";
import type { Deployment, DeploymentStatus, ReplicaSet } from "../../openapi/types/apps-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { deployments, replicasets } from "../../openapi/types/resources.ts";
import type { EventRecorder } from "../event-recorder.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { isPodTerminal } from "../pod-status.ts";
import {
  desiredReplicasAnnotation,
  draftNewSet,
  findNewSet,
  maxReplicasAnnotation,
  newSetAnnotations,
  revisionAnnotation,
  revisionOf,
  sameTemplate,
} from "./revisions.ts";
import {
  activeOrLatest,
  activeSets,
  byAge,
  isSaturated,
  maxSurge,
  maxUnavailable,
  newSetReplicas,
  proportionalSizes,
  totalWanted,
  wanted,
} from "./scaling.ts";
import {
  condition,
  deploymentStatus,
  hasProgressDeadline,
  isComplete,
  newCondition,
  rolloutStatus,
  withCondition,
} from "./status.ts";

/** What one look starts from. */
export interface RolloutInput {
  readonly client: Client;
  readonly events: EventRecorder;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly deployment: Deployment;
  /** What the Deployment controls, oldest first. */
  readonly sets: readonly ReplicaSet[];
  readonly findSet: (name: string) => ReplicaSet | undefined;
  readonly podsOf: (set: ReplicaSet) => Pod[];
  readonly wroteSet: (set: ReplicaSet) => void;
  readonly wroteDeployment: (deployment: Deployment) => void;
}

/** One look at a Deployment. */
export class Rollout {
  readonly #input: RolloutInput;
  /** As written by this look. */
  #deployment: Deployment;
  #newSet: ReplicaSet | undefined;
  #oldSets: ReplicaSet[];

  constructor(input: RolloutInput) {
    this.#input = input;
    this.#deployment = input.deployment;
    this.#newSet = findNewSet(input.deployment, input.sets);
    this.#oldSets = input.sets.filter((set) => set !== this.#newSet);
  }

  /** Does what is to be done now. Gives the status where it has not changed: then only time changes anything. */
  async run(): Promise<DeploymentStatus | undefined> {
    const { spec, metadata } = this.#deployment;
    if (metadata.deletionTimestamp !== undefined) {
      await this.#syncRevision();
      return this.#report(false);
    }
    await this.#checkPaused();
    await this.#syncRevision();
    if (spec.paused || this.#isScaling()) {
      await this.#scale();
      if (spec.paused) await this.#cleanup();
      return this.#report(false);
    }
    if (spec.strategy?.type === "Recreate") await this.#recreate();
    else await this.#roll();
    return this.#report(true);
  }

  get #sets(): ReplicaSet[] {
    return this.#newSet === undefined ? [...this.#oldSets] : [...this.#oldSets, this.#newSet];
  }

  async #checkPaused(): Promise<void> {
    if (!hasProgressDeadline(this.#deployment)) return;
    const current = condition(this.#deployment.status, "Progressing");
    if (current?.reason === "ProgressDeadlineExceeded") return;
    const shown = current?.reason === "DeploymentPaused";
    const paused = this.#deployment.spec.paused === true;
    if (paused === shown) return;
    await (paused
      ? this.#progressing("Unknown", "DeploymentPaused", "Deployment is paused")
      : this.#progressing("Unknown", "DeploymentResumed", "Deployment is resumed"));
  }

  /** Writes the condition Progressing, and the revision where it is given. */
  async #progressing(status: string, reason: string, message: string, revision?: string): Promise<void> {
    const next = newCondition("Progressing", status, reason, message, this.#input.now);
    const conditions = withCondition(this.#deployment.status?.conditions ?? [], next);
    await this.#writeStatus({ ...this.#deployment.status, conditions }, revision);
  }

  async #writeStatus(status: DeploymentStatus, revision?: string): Promise<void> {
    const { metadata } = this.#deployment;
    const annotations =
      revision === undefined ? metadata.annotations : { ...metadata.annotations, [revisionAnnotation]: revision };
    const changed = { ...this.#deployment, metadata: { ...metadata, annotations }, status };
    this.#deployment = await this.#input.client.update(deployments, changed, { subresource: "status" });
    this.#input.wroteDeployment(this.#deployment);
  }

  async #writeSet(set: ReplicaSet): Promise<ReplicaSet> {
    const written = await this.#input.client.update(replicasets, set);
    this.#input.wroteSet(written);
    this.#oldSets = this.#oldSets.map((one) => (one.metadata.uid === written.metadata.uid ? written : one));
    if (this.#newSet?.metadata.uid === written.metadata.uid) this.#newSet = written;
    return written;
  }

  get #nextRevision(): number {
    return Math.max(0, ...this.#oldSets.map(revisionOf)) + 1;
  }

  /**
   * Gives the new ReplicaSet, where there is one, its revision and annotations, and the Deployment the same revision.
   */
  async #syncRevision(): Promise<void> {
    const set = this.#newSet;
    if (set === undefined) return;
    const { minReadySeconds = 0 } = this.#deployment.spec;
    const annotations = newSetAnnotations(this.#deployment, set.metadata.annotations, this.#nextRevision);
    if (!semanticEqual(annotations, set.metadata.annotations) || (set.spec.minReadySeconds ?? 0) !== minReadySeconds) {
      const changed = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, minReadySeconds } };
      await this.#writeSet(changed);
      return;
    }
    const revision = annotations[revisionAnnotation];
    const found =
      hasProgressDeadline(this.#deployment) && condition(this.#deployment.status, "Progressing") === undefined;
    if (found) {
      const message = `Found new replica set "${set.metadata.name}"`;
      await this.#progressing("True", "FoundNewReplicaSet", message, revision);
    } else if (this.#deployment.metadata.annotations?.[revisionAnnotation] !== revision) {
      await this.#writeStatus({ ...this.#deployment.status }, revision);
    }
  }

  /** Makes the new ReplicaSet. Throws where its name is taken by another template, with the collision counted. */
  async #createNewSet(): Promise<ReplicaSet> {
    const { client, events } = this.#input;
    const revision = this.#nextRevision;
    const draft = draftNewSet(this.#deployment, revision);
    const replicas = newSetReplicas(this.#deployment, [...this.#oldSets, draft], 0);
    draft.spec.replicas = replicas;
    Object.assign(draft.metadata.annotations ?? {}, this.#replicasAnnotations());
    const { name, namespace, labels, annotations, ownerReferences } = draft.metadata;
    const metadata = { name, namespace, labels, annotations, ownerReferences };
    let created: ReplicaSet;
    let fresh = true;
    try {
      created = await client.create(replicasets, { ...draft, metadata });
    } catch (error) {
      created = await this.#createFailed(error, name);
      fresh = false;
    }
    this.#input.wroteSet(created);
    this.#newSet = created;
    if (fresh && replicas > 0)
      events.event(
        this.#deployment,
        "Normal",
        "ScalingReplicaSet",
        `Scaled up replica set ${name} from 0 to ${replicas}`,
      );
    if (fresh && hasProgressDeadline(this.#deployment)) {
      const message = `Created new replica set "${name}"`;
      await this.#progressing("True", "NewReplicaSetCreated", message, String(revision));
    } else if (this.#deployment.metadata.annotations?.[revisionAnnotation] !== String(revision)) {
      await this.#writeStatus({ ...this.#deployment.status }, String(revision));
    }
    return created;
  }

  /** The ReplicaSet of that name where it turns out to be ours. Throws the error otherwise. */
  async #createFailed(error: unknown, name: string): Promise<ReplicaSet> {
    const { client, events } = this.#input;
    if (isNamespaceTerminating(error)) throw error;
    if (isAlreadyExists(error)) {
      const { namespace, uid } = this.#deployment.metadata;
      const existing = this.#input.findSet(name) ?? (await client.get(replicasets, { namespace, name }));
      const ours = existing.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === uid);
      if (ours && sameTemplate(existing.spec.template ?? {}, this.#deployment.spec.template)) return existing;
      const collisionCount = (this.#deployment.status?.collisionCount ?? 0) + 1;
      await this.#writeStatus({ ...this.#deployment.status, collisionCount });
      throw error;
    }
    const message = `Failed to create new replica set "${name}": ${(error as Error).message}`;
    events.event(this.#deployment, "Warning", "ReplicaSetCreateError", message);
    if (hasProgressDeadline(this.#deployment)) await this.#progressing("False", "ReplicaSetCreateError", message);
    throw error;
  }

  #replicasAnnotations(): Record<string, string> {
    const total = wanted(this.#deployment);
    return {
      [desiredReplicasAnnotation]: String(total),
      [maxReplicasAnnotation]: String(total + maxSurge(this.#deployment)),
    };
  }

  /** Whether spec.replicas has changed since the ReplicaSets were last scaled. */
  #isScaling(): boolean {
    return activeSets(this.#sets).some((set) => {
      const desired = set.metadata.annotations?.[desiredReplicasAnnotation];
      return desired !== undefined && /^[0-9]+$/.test(desired) && Number(desired) !== wanted(this.#deployment);
    });
  }

  async #scale(): Promise<void> {
    const only = activeOrLatest(this.#newSet, this.#oldSets);
    if (only !== undefined) {
      if (wanted(only) !== wanted(this.#deployment)) await this.#scaleSet(only, wanted(this.#deployment));
      else if (this.#isScaling()) await this.#scaleSet(only, wanted(this.#deployment), true);
      return;
    }
    if (isSaturated(this.#deployment, this.#newSet)) {
      for (const set of activeSets(this.#oldSets)) await this.#scaleSet(set, 0);
      return;
    }
    if (this.#deployment.spec.strategy?.type !== "RollingUpdate") return;
    const sets = activeSets(this.#sets);
    const sizes = proportionalSizes(this.#deployment, sets);
    for (const set of sets) await this.#scaleSet(set, sizes.get(set.metadata.name) ?? wanted(set), true);
  }

  /** Gives a ReplicaSet another size; `annotate` brings its annotations up to date though the size stays. */
  async #scaleSet(set: ReplicaSet, replicas: number, annotate = false): Promise<boolean> {
    const before = wanted(set);
    if (before === replicas && !annotate) return false;
    const annotations = { ...set.metadata.annotations, ...this.#replicasAnnotations() };
    if (before === replicas && semanticEqual(annotations, set.metadata.annotations)) return false;
    await this.#writeSet({
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    });
    if (before === replicas) return false;
    const direction = before < replicas ? "up" : "down";
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    this.#input.events.event(this.#deployment, "Normal", "ScalingReplicaSet", message);
    return true;
  }

  async #roll(): Promise<void> {
    const newSet = this.#newSet ?? (await this.#createNewSet());
    const total = wanted(this.#deployment);
    if (wanted(newSet) !== total) {
      const size = wanted(newSet) > total ? total : newSetReplicas(this.#deployment, this.#sets, wanted(newSet));
      if (await this.#scaleSet(newSet, size)) return;
    }
    if (await this.#shrinkOldSets()) return;
    if (isComplete(this.#deployment, this.#deployment.status)) await this.#cleanup();
  }

  /** Takes pods from the old ReplicaSets: first those that are not available, then as many as may be missing. */
  async #shrinkOldSets(): Promise<boolean> {
    const newSet = this.#newSet;
    if (newSet === undefined || totalWanted(this.#oldSets) === 0) return false;
    const minAvailable = wanted(this.#deployment) - maxUnavailable(this.#deployment);
    const newUnavailable = wanted(newSet) - (newSet.status?.availableReplicas ?? 0);
    const most = totalWanted(this.#sets) - minAvailable - newUnavailable;
    if (most <= 0) return false;
    let shrunk = 0;
    for (const set of byAge(activeSets(this.#oldSets))) {
      const count = Math.min(most - shrunk, wanted(set) - (set.status?.availableReplicas ?? 0));
      if (count <= 0) continue;
      await this.#scaleSet(set, wanted(set) - count);
      shrunk += count;
    }
    const available = this.#sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
    let left = available - minAvailable;
    for (const set of byAge(activeSets(this.#oldSets))) {
      const count = Math.min(wanted(set), left);
      if (count <= 0) break;
      await this.#scaleSet(set, wanted(set) - count);
      left -= count;
      shrunk += count;
    }
    return shrunk > 0;
  }

  async #recreate(): Promise<void> {
    let shrunk = false;
    for (const set of activeSets(this.#oldSets)) shrunk = (await this.#scaleSet(set, 0)) || shrunk;
    if (shrunk || this.#oldPodsRun()) return;
    const newSet = this.#newSet ?? (await this.#createNewSet());
    await this.#scaleSet(newSet, wanted(this.#deployment));
    if (isComplete(this.#deployment, this.#deployment.status)) await this.#cleanup();
  }

  #oldPodsRun(): boolean {
    if (this.#oldSets.some((set) => (set.status?.replicas ?? 0) > 0)) return true;
    return this.#oldSets.some((set) => this.#input.podsOf(set).some((pod) => !isPodTerminal(pod)));
  }

  /** Deletes the oldest revisions beyond revisionHistoryLimit that have no pods. */
  async #cleanup(): Promise<void> {
    const { revisionHistoryLimit } = this.#deployment.spec;
    if (revisionHistoryLimit === undefined || revisionHistoryLimit === 2_147_483_647) return;
    const cleanable = this.#oldSets.filter((set) => set.metadata.deletionTimestamp === undefined);
    const surplus = cleanable.length - revisionHistoryLimit;
    if (surplus <= 0) return;
    const oldest = byAge(cleanable).sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of oldest.slice(0, surplus)) {
      const { replicas = 0, observedGeneration = 0 } = set.status ?? {};
      if (replicas !== 0 || wanted(set) !== 0 || (set.metadata.generation ?? 0) > observedGeneration) continue;
      const { namespace, name, uid } = set.metadata;
      try {
        await this.#input.client.delete(replicasets, { namespace, name }, { uid });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }

  async #report(rolling: boolean): Promise<DeploymentStatus | undefined> {
    const status = (rolling ? rolloutStatus : deploymentStatus)(
      this.#deployment,
      this.#sets,
      this.#newSet,
      this.#input.now,
    );
    if (semanticEqual(status, this.#deployment.status)) return status;
    await this.#writeStatus(status);
    return undefined;
  }
}
