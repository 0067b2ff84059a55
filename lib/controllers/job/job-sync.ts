/**
 * One look at a Job: count what has ended, end the Job or keep its pods going, report (upstream: syncJob in
 * controller/job).
 */
import { timeText } from "../../apimachinery/clock.ts";
import { semanticEqual } from "../../apimachinery/equality.ts";
import { isNotFound } from "../../apimachinery/errors.ts";
import type { Client } from "../../client/interface.ts";
import type { Job, JobCondition, JobSpec, JobStatus } from "../../openapi/types/batch-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { jobs, pods as podResource } from "../../openapi/types/resources.ts";
import type { EventRecorder } from "../event-recorder.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { type PodControl, slowStart } from "../pod-control.ts";
import { isPodActive, isPodReady, isPodTerminating } from "../pod-status.ts";
import { finishedAt, jobBackoffMs, remainingMs } from "./backoff.ts";
import { ensureCondition, newCondition } from "./conditions.ts";
import { completionIndex, IndexSet } from "./indexes.ts";
import { JobCounts } from "./job-counts.ts";
import {
  absoluteFailures,
  copyStatus,
  draftPod,
  hasValidIndex,
  isIndexed,
  isPodFailed,
  isTracked,
  podsToDelete,
  replacesOnlyFailed,
  trackingFinalizer,
} from "./job-pods.ts";
import { judgeFailure } from "./policies.ts";

/** Pods made or deleted in one look. */
const maxPodsPerSync = 500;
/** Ended pods in status.uncountedTerminatedPods at once. */
const maxUncounted = 500;

/** What one look starts from. */
export interface JobSyncInput {
  readonly client: Client;
  readonly events: EventRecorder;
  readonly control: PodControl;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly job: Job;
  /** All pods that the Job controls. */
  readonly pods: readonly Pod[];
  /** Pods besides that are known to be ending. */
  readonly ending: number;
  readonly wrotePod: (pod: Pod) => void;
  readonly deletedPod: (uid: string) => void;
  readonly gonePod: (uid: string) => void;
  readonly wroteJob: (job: Job) => void;
}

/** One look at a Job that has not finished. */
export class JobSync {
  readonly #input: JobSyncInput;
  #job: Job;
  readonly #spec: JobSpec;
  #status: JobStatus;
  readonly #active: readonly Pod[];
  /** Pods whose finalizer is still there. */
  readonly #tracked: Set<string>;
  #activeCount: number;
  #ready: number;
  #terminating: number;
  readonly #counts: JobCounts;
  #finished: JobCondition | undefined;
  #requeueAfterMs: number | undefined;

  constructor(input: JobSyncInput) {
    this.#input = input;
    this.#job = input.job;
    this.#spec = input.job.spec ?? { template: {} };
    this.#status = copyStatus(input.job);
    this.#active = input.pods.filter(isPodActive);
    this.#tracked = new Set(input.pods.filter(isTracked).map((pod) => pod.metadata.uid));
    this.#activeCount = this.#active.length;
    this.#ready = this.#active.filter(isPodReady).length;
    this.#counts = new JobCounts(input.job, input.pods, input.now);
    this.#terminating = input.pods.filter(isPodTerminating).length + input.ending;
  }

  /** Does what is to be done now. Gives when to look again. Throws what went wrong, after all else has been done. */
  async run(): Promise<number | undefined> {
    const before = copyStatus(this.#job);
    if (this.#status.startTime === undefined && !this.#spec.suspend) this.#status.startTime = this.#time();
    this.#finished = this.#counts.verdict(this.#status.startTime);
    const deadlineMs = this.#counts.deadlineLeftMs(this.#status.startTime);
    if (deadlineMs !== undefined && deadlineMs > 0) this.#requeue(deadlineMs);
    const error = this.#finished === undefined ? await this.#manage() : await this.#end();
    this.#status.active = this.#activeCount || undefined;
    this.#status.ready = this.#ready;
    this.#status.terminating = this.#terminating;
    await this.#track(before);
    if (error !== undefined) throw error;
    return this.#requeueAfterMs;
  }

  #time(): string {
    return timeText(this.#input.now);
  }

  #requeue(afterMs: number): void {
    this.#requeueAfterMs = Math.min(this.#requeueAfterMs ?? Number.POSITIVE_INFINITY, afterMs);
  }

  /** Deletes what still runs of a Job that ends. It has ended only when all could be deleted. */
  async #end(): Promise<Error | undefined> {
    const error = await this.#deletePods(this.#active, false);
    if (error !== undefined) this.#finished = undefined;
    return error;
  }

  /** Keeps as many pods going as are wanted, or none while the Job is suspended. */
  async #manage(): Promise<Error | undefined> {
    const { completions } = this.#spec;
    let error: Error | undefined;
    const managed = this.#job.metadata.deletionTimestamp === undefined;
    if (managed) error = await this.#managePods();
    const complete =
      completions === undefined
        ? this.#counts.succeeded > 0 && this.#activeCount === 0
        : this.#counts.succeeded >= completions && this.#activeCount === 0;
    if (complete) {
      const message = "Reached expected number of succeeded pods";
      this.#finished = newCondition("SuccessCriteriaMet", "True", "CompletionsReached", message, this.#input.now);
    } else if (managed) this.#reportSuspension();
    return error;
  }

  #reportSuspension(): void {
    const { now, events } = this.#input;
    const suspended = this.#spec.suspend === true;
    this.#status.conditions ??= [];
    const next = suspended
      ? newCondition("Suspended", "True", "JobSuspended", "Job suspended", now)
      : newCondition("Suspended", "False", "JobResumed", "Job resumed", now);
    if (!ensureCondition(this.#status.conditions, next)) return;
    events.event(this.#job, "Normal", suspended ? "Suspended" : "Resumed", next.message ?? "");
    this.#status.startTime = suspended ? undefined : this.#time();
  }

  async #managePods(): Promise<Error | undefined> {
    const { parallelism = 1, completions, suspend } = this.#spec;
    const { now } = this.#input;
    const active = this.#active.length;
    if (suspend) return this.#deletePods(this.#active, true);
    const wanted =
      completions === undefined
        ? this.#counts.succeeded > 0
          ? active
          : parallelism
        : Math.max(0, Math.min(parallelism, completions - this.#counts.succeeded));
    const surplus = podsToDelete(this.#job, this.#active, Math.max(0, active - wanted), now);
    if (surplus.length > 0) return this.#deletePods(surplus.slice(0, maxPodsPerSync), true);
    const ending = replacesOnlyFailed(this.#job) ? this.#terminating : 0;
    const missing = Math.min(wanted - active - ending, maxPodsPerSync);
    return missing > 0 ? this.#createPods(missing) : undefined;
  }

  async #createPods(missing: number): Promise<Error | undefined> {
    const { now, pods, control } = this.#input;
    const perIndex = this.#spec.backoffLimitPerIndex !== undefined;
    if (!perIndex) {
      const failed = pods.filter((pod) => isPodFailed(pod, this.#job));
      const succeeded = pods.filter((pod) => pod.status?.phase === "Succeeded");
      const waitMs = jobBackoffMs(failed, succeeded, now);
      if (waitMs > 0) {
        this.#requeue(waitMs);
        return undefined;
      }
    }
    const indexes = isIndexed(this.#job) ? this.#pendingIndexes(missing) : undefined;
    const count = indexes?.length ?? missing;
    let next = 0;
    const error = await slowStart(count, async () => {
      const index = indexes?.[next++];
      const draft = draftPod(this.#job, index, index === undefined ? undefined : this.#counts.delayed.get(index));
      try {
        this.#input.wrotePod(await control.create(draft, this.#job));
        this.#activeCount++;
      } catch (error) {
        if (!isNamespaceTerminating(error)) throw error;
      }
    });
    return error as Error | undefined;
  }

  #pendingIndexes(count: number): number[] {
    const { now, pods } = this.#input;
    const occupying = replacesOnlyFailed(this.#job)
      ? [...this.#active, ...pods.filter(isPodTerminating)]
      : this.#active;
    const occupied = occupying.map(completionIndex).filter((index) => index !== undefined);
    let taken = this.#counts.succeededIndexes.union(IndexSet.of(occupied));
    if (this.#counts.failedIndexes !== undefined) taken = taken.union(this.#counts.failedIndexes);
    const pending = taken.firstMissing(count, this.#spec.completions ?? 0);
    const ready: number[] = [];
    let waitMs = Number.POSITIVE_INFINITY;
    for (const index of pending) {
      const failed = this.#counts.delayed.get(index);
      const leftMs = failed === undefined ? 0 : remainingMs(absoluteFailures(failed) + 1, finishedAt(failed), now);
      if (leftMs === 0) ready.push(index);
      else waitMs = Math.min(waitMs, leftMs);
    }
    if (Number.isFinite(waitMs)) this.#requeue(waitMs);
    return ready;
  }

  /** `untrack`: their ends are not to be counted. Gives the first error. */
  async #deletePods(surplus: readonly Pod[], untrack: boolean): Promise<Error | undefined> {
    const results = await Promise.allSettled(
      surplus.map(async (pod) => {
        if (untrack) await this.#untrack(pod);
        await this.#input.control.delete(pod, this.#job);
        this.#input.deletedPod(pod.metadata.uid);
        this.#activeCount--;
        this.#terminating++;
        if (isPodReady(pod)) this.#ready--;
      }),
    );
    return results.find((result) => result.status === "rejected")?.reason;
  }

  /** Takes the finalizer off, so that the pod may go. A pod that is gone is no error. */
  async #untrack(pod: Pod): Promise<void> {
    const { uid, finalizers = [], deletionTimestamp } = pod.metadata;
    if (!this.#tracked.has(uid)) return;
    try {
      const patch = { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [trackingFinalizer] } };
      const written = await this.#input.client.patch(podResource, pod.metadata, "strategic", patch);
      this.#input.wrotePod(written);
      // With its last finalizer a pod that ends goes at once, which the informer learns later.
      if (deletionTimestamp !== undefined && finalizers.length === 1) this.#input.gonePod(uid);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#input.deletedPod(uid);
      this.#input.gonePod(uid);
    }
    this.#tracked.delete(uid);
  }

  /**
   * Counts ended pods once and only once: their uids are written into the status before their finalizers go, and moved
   * from there into the counters after.
   */
  async #track(before: JobStatus): Promise<void> {
    this.#settleUncounted();
    const { ended, full } = this.#collectEnded();
    if (isIndexed(this.#job)) this.#reportIndexes();
    this.#announceEnd();
    if (!semanticEqual(this.#status, before)) await this.#flush();
    const results = await Promise.allSettled(ended.map((pod) => this.#untrack(pod)));
    const failed = results.find((result) => result.status === "rejected");
    let changed = this.#settleUncounted();
    const finished = failed === undefined && !full && this.#finish();
    changed ||= finished;
    if (changed) await this.#flush();
    if (finished) this.#recordFinished();
    if (failed !== undefined) throw failed.reason;
  }

  async #flush(): Promise<void> {
    const changed = { ...this.#job, status: this.#status };
    this.#job = await this.#input.client.update(jobs, changed, { subresource: "status" });
    this.#input.wroteJob(this.#job);
    this.#status = copyStatus(this.#job);
  }

  /** Moves uids whose pods have lost their finalizer into the counters. */
  #settleUncounted(): boolean {
    const uncounted = this.#status.uncountedTerminatedPods ?? {};
    let changed = false;
    for (const field of ["succeeded", "failed"] as const) {
      const uids = uncounted[field] ?? [];
      const left = uids.filter((uid) => this.#tracked.has(uid));
      if (left.length === uids.length) continue;
      changed = true;
      this.#status[field] = (this.#status[field] ?? 0) + uids.length - left.length;
      uncounted[field] = left;
    }
    this.#status.uncountedTerminatedPods = uncounted;
    return changed;
  }

  /** The pods that have ended and can lose their finalizer once this status is written. */
  #collectEnded(): { ended: Pod[]; full: boolean } {
    const uncounted = this.#status.uncountedTerminatedPods ?? {};
    uncounted.succeeded ??= [];
    uncounted.failed ??= [];
    const ended: Pod[] = [];
    const indexed = isIndexed(this.#job);
    let newIndexes = 0;
    for (const pod of this.#input.pods) {
      const { uid } = pod.metadata;
      if (!this.#tracked.has(uid) || !this.#mayLose(pod)) continue;
      ended.push(pod);
      const failedBefore = uncounted.failed.includes(uid);
      if (pod.status?.phase === "Succeeded" && !failedBefore) {
        if (!indexed && !uncounted.succeeded.includes(uid)) uncounted.succeeded.push(uid);
        if (indexed && hasValidIndex(pod, this.#job) && !this.#counts.previousIndexes.has(completionIndex(pod) ?? 0))
          newIndexes++;
      } else if (this.#countsAsFailed(pod) && !failedBefore && hasValidIndex(pod, this.#job)) {
        if (judgeFailure(this.#job, pod).counts) uncounted.failed.push(uid);
      }
      if (newIndexes + uncounted.succeeded.length + uncounted.failed.length >= maxUncounted)
        return { ended, full: true };
    }
    return { ended, full: false };
  }

  #mayLose(pod: Pod): boolean {
    if (this.#job.metadata.deletionTimestamp !== undefined || this.#finished !== undefined) return true;
    if (pod.status?.phase === "Succeeded") return true;
    if (!isPodFailed(pod, this.#job)) return false;
    const index = completionIndex(pod);
    return index === undefined || this.#counts.delayed.get(index)?.metadata.uid !== pod.metadata.uid;
  }

  #countsAsFailed(pod: Pod): boolean {
    if (isPodFailed(pod, this.#job)) return true;
    return this.#finished !== undefined && this.#finished.type !== "SuccessCriteriaMet";
  }

  #reportIndexes(): void {
    const text = this.#counts.succeededIndexes.toString();
    this.#status.completedIndexes = text === "" ? undefined : text;
    this.#status.succeeded = this.#counts.succeededIndexes.size || undefined;
    if (this.#counts.failedIndexes !== undefined) this.#status.failedIndexes = this.#counts.failedIndexes.toString();
  }

  /** Says first that the Job is going to end; that it has ended is said when all its pods are gone. */
  #announceEnd(): void {
    if (this.#finished === undefined) return;
    this.#status.conditions ??= [];
    const { type } = this.#finished;
    if (!this.#status.conditions.some((one) => one.type === type)) this.#status.conditions.push(this.#finished);
  }

  /** Whether the Job has ended; then its status says so. */
  #finish(): boolean {
    const { succeeded = [], failed = [] } = this.#status.uncountedTerminatedPods ?? {};
    if (this.#finished === undefined || succeeded.length + failed.length > 0 || this.#terminating > 0) return false;
    const { type, reason = "", message = "" } = this.#finished;
    const outcome = type === "SuccessCriteriaMet" ? "Complete" : "Failed";
    this.#status.conditions ??= [];
    ensureCondition(this.#status.conditions, newCondition(outcome, "True", reason, message, this.#input.now));
    if (outcome === "Complete") this.#status.completionTime = this.#time();
    return true;
  }

  #recordFinished(): void {
    const { events } = this.#input;
    const { type, reason = "", message = "" } = this.#finished ?? { type: "" };
    if (type !== "SuccessCriteriaMet") {
      events.event(this.#job, "Warning", reason, message);
      return;
    }
    const { completions } = this.#spec;
    if (completions !== undefined && (this.#status.succeeded ?? 0) > completions) {
      const text = "Too many succeeded pods running after completion count reached";
      events.event(this.#job, "Warning", "TooManySucceededPods", text);
    }
    events.event(this.#job, "Normal", "Completed", "Job completed");
  }
}
