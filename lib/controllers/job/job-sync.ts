/** One look at a Job: count what has ended, end the Job or keep its pods going, report (upstream: syncJob in controller/job). */
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
import { ensureCondition, newCondition, trueCondition } from "./conditions.ts";
import { completionIndex, IndexSet } from "./indexes.ts";
import {
  copyStatus,
  draftPod,
  hasValidIndex,
  indexFailures,
  isIndexed,
  isPodFailed,
  isTracked,
  podsToDelete,
  replacesOnlyFailed,
  trackingFinalizer,
} from "./job-pods.ts";
import { judgeFailure, matchSuccess } from "./policies.ts";

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
  #succeeded = 0;
  #failed = 0;
  #previousIndexes = IndexSet.of([]);
  #succeededIndexes = IndexSet.of([]);
  #failedIndexes: IndexSet | undefined;
  /** By index, the failed pod that stays until it is replaced, because it knows how often the index has failed. */
  #delayed = new Map<number, Pod>();
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
    this.#terminating = input.pods.filter(isPodTerminating).length + input.ending;
  }

  /** Does what is to be done now. Gives when to look again. Throws what went wrong, after all else has been done. */
  async run(): Promise<number | undefined> {
    const before = copyStatus(this.#job);
    if (this.#status.startTime === undefined && !this.#spec.suspend) this.#status.startTime = this.#time();
    this.#count();
    this.#judge();
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

  #count(): void {
    const { succeeded: countedOk = [], failed: countedBad = [] } = this.#status.uncountedTerminatedPods ?? {};
    const known = new Set([...countedOk, ...countedBad]);
    const fresh = this.#input.pods.filter(
      (pod) => isTracked(pod) && !known.has(pod.metadata.uid) && hasValidIndex(pod, this.#job),
    );
    const succeeded = fresh.filter((pod) => pod.status?.phase === "Succeeded");
    const failed = fresh.filter((pod) => isPodFailed(pod, this.#job) && judgeFailure(this.#job, pod).counts);
    this.#succeeded = (this.#status.succeeded ?? 0) + succeeded.length + countedOk.length;
    this.#failed = (this.#status.failed ?? 0) + failed.length + countedBad.length;
    if (isIndexed(this.#job)) this.#countIndexes();
  }

  #countIndexes(): void {
    const { completions = 0, backoffLimitPerIndex } = this.#spec;
    const tracked = this.#input.pods.filter((pod) => isTracked(pod) && hasValidIndex(pod, this.#job));
    const indexesOf = (some: readonly Pod[]) => IndexSet.of(some.map((pod) => completionIndex(pod) ?? 0));
    this.#previousIndexes = IndexSet.parse(this.#status.completedIndexes, completions);
    const succeeded = tracked.filter((pod) => pod.status?.phase === "Succeeded");
    this.#succeededIndexes = this.#previousIndexes.union(indexesOf(succeeded));
    this.#succeeded = this.#succeededIndexes.size;
    if (backoffLimitPerIndex === undefined) return;
    const failed = tracked.filter((pod) => this.#failsIndex(pod, backoffLimitPerIndex));
    this.#failedIndexes = IndexSet.parse(this.#status.failedIndexes, completions).union(indexesOf(failed));
    const active = indexesOf(this.#active.filter((pod) => completionIndex(pod) !== undefined));
    for (const pod of tracked) {
      const index = completionIndex(pod) ?? 0;
      const settled = this.#succeededIndexes.has(index) || this.#failedIndexes.has(index) || active.has(index);
      if (settled || !isPodFailed(pod, this.#job)) continue;
      const other = this.#delayed.get(index);
      if (other === undefined || absoluteFailures(other) <= absoluteFailures(pod)) this.#delayed.set(index, pod);
    }
  }

  #failsIndex(pod: Pod, limit: number): boolean {
    if (!isPodFailed(pod, this.#job)) return false;
    const { counts, action } = judgeFailure(this.#job, pod);
    return action === "FailIndex" || (counts && indexFailures(pod).counted >= limit);
  }

  /** Whether the Job is to end, and how. */
  #judge(): void {
    const { now, pods } = this.#input;
    const failing = (reason: string, message: string) => {
      this.#finished ??= newCondition("FailureTarget", "True", reason, message, now);
    };
    this.#finished = trueCondition(this.#job, "SuccessCriteriaMet") ?? trueCondition(this.#job, "FailureTarget");
    if (this.#finished !== undefined) return;
    for (const pod of pods) {
      const message = isPodFailed(pod, this.#job) ? judgeFailure(this.#job, pod).failJob : undefined;
      if (message !== undefined) failing("PodFailurePolicy", message);
    }
    const { backoffLimit = 6, completions = 0, maxFailedIndexes } = this.#spec;
    if (this.#failed > backoffLimit || this.#restartsPastLimit(backoffLimit))
      failing("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    const leftMs = this.#deadlineLeftMs();
    if (leftMs !== undefined && leftMs <= 0)
      failing("DeadlineExceeded", "Job was active longer than specified deadline");
    else if (leftMs !== undefined) this.#requeue(leftMs);
    const failedIndexes = this.#failedIndexes?.size ?? 0;
    if (maxFailedIndexes !== undefined && failedIndexes > maxFailedIndexes)
      failing("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
    if (failedIndexes > 0 && failedIndexes + this.#succeededIndexes.size >= completions)
      failing("FailedIndexes", "Job has failed indexes");
    if (this.#finished !== undefined || !isIndexed(this.#job)) return;
    const met = matchSuccess(this.#job, this.#succeededIndexes);
    if (met !== undefined) this.#finished = newCondition("SuccessCriteriaMet", "True", "SuccessPolicy", met, now);
  }

  #restartsPastLimit(limit: number): boolean {
    if (this.#spec.template.spec?.restartPolicy !== "OnFailure") return false;
    let restarts = 0;
    for (const { status } of this.#input.pods) {
      if (status?.phase !== "Running" && status?.phase !== "Pending") continue;
      for (const one of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
        restarts += one.restartCount;
    }
    return limit === 0 ? restarts > 0 : restarts >= limit;
  }

  #deadlineLeftMs(): number | undefined {
    const { activeDeadlineSeconds, suspend } = this.#spec;
    const { startTime } = this.#status;
    if (activeDeadlineSeconds === undefined || suspend || startTime === undefined) return undefined;
    return Date.parse(startTime) + activeDeadlineSeconds * 1000 - this.#input.now;
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
        ? this.#succeeded > 0 && this.#activeCount === 0
        : this.#succeeded >= completions && this.#activeCount === 0;
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
        ? this.#succeeded > 0
          ? active
          : parallelism
        : Math.max(0, Math.min(parallelism, completions - this.#succeeded));
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
      const draft = draftPod(this.#job, index, index === undefined ? undefined : this.#delayed.get(index));
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
    let taken = this.#succeededIndexes.union(IndexSet.of(occupied));
    if (this.#failedIndexes !== undefined) taken = taken.union(this.#failedIndexes);
    const pending = taken.firstMissing(count, this.#spec.completions ?? 0);
    const ready: number[] = [];
    let waitMs = Number.POSITIVE_INFINITY;
    for (const index of pending) {
      const failed = this.#delayed.get(index);
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
        if (indexed && hasValidIndex(pod, this.#job) && !this.#previousIndexes.has(completionIndex(pod) ?? 0))
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
    return index === undefined || this.#delayed.get(index)?.metadata.uid !== pod.metadata.uid;
  }

  #countsAsFailed(pod: Pod): boolean {
    if (isPodFailed(pod, this.#job)) return true;
    return this.#finished !== undefined && this.#finished.type !== "SuccessCriteriaMet";
  }

  #reportIndexes(): void {
    const text = this.#succeededIndexes.toString();
    this.#status.completedIndexes = text === "" ? undefined : text;
    this.#status.succeeded = this.#succeededIndexes.size || undefined;
    if (this.#failedIndexes !== undefined) this.#status.failedIndexes = this.#failedIndexes.toString();
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

function absoluteFailures(pod: Pod): number {
  const { counted, ignored } = indexFailures(pod);
  return counted + ignored;
}
