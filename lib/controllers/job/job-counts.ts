/**
 * What the pods of a Job amount to: how many have succeeded and failed, which indexes, and whether that ends the Job.
 */
import type { Job, JobCondition, JobSpec, JobStatus } from "../../openapi/types/batch-v1.ts";
import type { Pod } from "../../openapi/types/core-v1.ts";
import { isPodActive } from "../pod-status.ts";
import { newCondition, trueCondition } from "./conditions.ts";
import { completionIndex, IndexSet } from "./indexes.ts";
import { absoluteFailures, hasValidIndex, indexFailures, isIndexed, isPodFailed, isTracked } from "./job-pods.ts";
import { judgeFailure, matchSuccess } from "./policies.ts";

/** Counts what has ended, in status or not yet there. */
export class JobCounts {
  readonly #job: Job;
  readonly #spec: JobSpec;
  readonly #status: JobStatus;
  readonly #pods: readonly Pod[];
  /** Milliseconds since the epoch. */
  readonly #now: number;
  /** How many have succeeded, or how many indexes. */
  succeeded = 0;
  #failed = 0;
  /** What status says. */
  previousIndexes = IndexSet.of([]);
  succeededIndexes = IndexSet.of([]);
  /** Only where failures are counted by index. */
  failedIndexes: IndexSet | undefined;
  /** By index, the failed pod that stays until it is replaced, because it knows how often the index has failed. */
  readonly delayed = new Map<number, Pod>();

  constructor(job: Job, pods: readonly Pod[], now: number) {
    this.#job = job;
    this.#spec = job.spec ?? { template: {} };
    this.#status = job.status ?? {};
    this.#pods = pods;
    this.#now = now;
    this.#count();
  }

  #count(): void {
    const { succeeded: countedOk = [], failed: countedBad = [] } = this.#status.uncountedTerminatedPods ?? {};
    const known = new Set([...countedOk, ...countedBad]);
    const fresh = this.#pods.filter(
      (pod) => isTracked(pod) && !known.has(pod.metadata.uid) && hasValidIndex(pod, this.#job),
    );
    const succeeded = fresh.filter((pod) => pod.status?.phase === "Succeeded");
    const failed = fresh.filter((pod) => isPodFailed(pod, this.#job) && judgeFailure(this.#job, pod).counts);
    this.succeeded = (this.#status.succeeded ?? 0) + succeeded.length + countedOk.length;
    this.#failed = (this.#status.failed ?? 0) + failed.length + countedBad.length;
    if (isIndexed(this.#job)) this.#countIndexes();
  }

  #countIndexes(): void {
    const { completions = 0, backoffLimitPerIndex } = this.#spec;
    const tracked = this.#pods.filter((pod) => isTracked(pod) && hasValidIndex(pod, this.#job));
    const indexesOf = (some: readonly Pod[]) => IndexSet.of(some.map((pod) => completionIndex(pod) ?? 0));
    this.previousIndexes = IndexSet.parse(this.#status.completedIndexes, completions);
    const succeeded = tracked.filter((pod) => pod.status?.phase === "Succeeded");
    this.succeededIndexes = this.previousIndexes.union(indexesOf(succeeded));
    this.succeeded = this.succeededIndexes.size;
    if (backoffLimitPerIndex === undefined) return;
    const failed = tracked.filter((pod) => this.#failsIndex(pod, backoffLimitPerIndex));
    this.failedIndexes = IndexSet.parse(this.#status.failedIndexes, completions).union(indexesOf(failed));
    const active = indexesOf(this.#pods.filter((pod) => isPodActive(pod) && completionIndex(pod) !== undefined));
    for (const pod of tracked) {
      const index = completionIndex(pod) ?? 0;
      const settled = this.succeededIndexes.has(index) || this.failedIndexes.has(index) || active.has(index);
      if (settled || !isPodFailed(pod, this.#job)) continue;
      const other = this.delayed.get(index);
      if (other === undefined || absoluteFailures(other) <= absoluteFailures(pod)) this.delayed.set(index, pod);
    }
  }

  #failsIndex(pod: Pod, limit: number): boolean {
    if (!isPodFailed(pod, this.#job)) return false;
    const { counts, action } = judgeFailure(this.#job, pod);
    return action === "FailIndex" || (counts && indexFailures(pod).counted >= limit);
  }

  /** The condition by which the Job begins to end, where it is to end before its completions are reached. */
  verdict(startTime: string | undefined): JobCondition | undefined {
    const already = trueCondition(this.#job, "SuccessCriteriaMet") ?? trueCondition(this.#job, "FailureTarget");
    if (already !== undefined) return already;
    let verdict: JobCondition | undefined;
    const failing = (reason: string, message: string) => {
      verdict ??= newCondition("FailureTarget", "True", reason, message, this.#now);
    };
    for (const pod of this.#pods) {
      const message = isPodFailed(pod, this.#job) ? judgeFailure(this.#job, pod).failJob : undefined;
      if (message !== undefined) failing("PodFailurePolicy", message);
    }
    const { backoffLimit = 6, completions = 0, maxFailedIndexes } = this.#spec;
    if (this.#failed > backoffLimit || this.#restartsPastLimit(backoffLimit))
      failing("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    if ((this.deadlineLeftMs(startTime) ?? 1) <= 0)
      failing("DeadlineExceeded", "Job was active longer than specified deadline");
    const failedIndexes = this.failedIndexes?.size ?? 0;
    if (maxFailedIndexes !== undefined && failedIndexes > maxFailedIndexes)
      failing("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
    if (failedIndexes > 0 && failedIndexes + this.succeededIndexes.size >= completions)
      failing("FailedIndexes", "Job has failed indexes");
    if (verdict !== undefined || !isIndexed(this.#job)) return verdict;
    const met = matchSuccess(this.#job, this.succeededIndexes);
    return met === undefined ? undefined : newCondition("SuccessCriteriaMet", "True", "SuccessPolicy", met, this.#now);
  }

  #restartsPastLimit(limit: number): boolean {
    if (this.#spec.template.spec?.restartPolicy !== "OnFailure") return false;
    let restarts = 0;
    for (const { status } of this.#pods) {
      if (status?.phase !== "Running" && status?.phase !== "Pending") continue;
      for (const one of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
        restarts += one.restartCount;
    }
    return limit === 0 ? restarts > 0 : restarts >= limit;
  }

  /** The ms until activeDeadlineSeconds are over; undefined where there is no deadline. */
  deadlineLeftMs(startTime: string | undefined): number | undefined {
    const { activeDeadlineSeconds, suspend } = this.#spec;
    if (activeDeadlineSeconds === undefined || suspend || startTime === undefined) return undefined;
    return Date.parse(startTime) + activeDeadlineSeconds * 1000 - this.#now;
  }
}
