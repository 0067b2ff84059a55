/** The pods of a Job: what they look like, which have ended, which go first (upstream: controller/job). */
import { deepCopy } from "../../apimachinery/equality.ts";
import type { Draft } from "../../apimachinery/meta.ts";
import type { Job } from "../../openapi/types/batch-v1.ts";
import type { Container, Pod } from "../../openapi/types/core-v1.ts";
import { jobs } from "../../openapi/types/resources.ts";
import { newControllerRef } from "../owned.ts";
import { podFromTemplate } from "../pod-control.ts";
import { rankForDeletion } from "../replicaset/ranking.ts";
import { completionIndex, completionIndexAnnotation } from "./indexes.ts";
import { judgeFailure } from "./policies.ts";

/** Keeps a pod until its end has been counted. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";

const failureCountAnnotation = "batch.kubernetes.io/job-index-failure-count";
const ignoredFailureCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";
const indexEnv = "JOB_COMPLETION_INDEX";
const maxGeneratedNameChars = 58;

/** Whether the Job numbers its completions. */
export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === "Indexed";
}

/** Whether a pod's end is still to be counted. */
export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

/** Whether pods are replaced only when they have ended, not as soon as they are being deleted. */
export function replacesOnlyFailed(job: Job): boolean {
  return job.spec?.podReplacementPolicy === "Failed" || job.spec?.podFailurePolicy !== undefined;
}

/** Whether the pod counts as failed. */
export function isPodFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  if (replacesOnlyFailed(job)) return false;
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== "Succeeded";
}

/** Whether its index is one that the Job wants; always so where pods have none. */
export function hasValidIndex(pod: Pod, job: Job): boolean {
  if (!isIndexed(job)) return true;
  const index = completionIndex(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0);
}

/** How often the pod's index had failed before it. */
export function indexFailures(pod: Pod): { counted: number; ignored: number } {
  const { [failureCountAnnotation]: counted, [ignoredFailureCountAnnotation]: ignored } =
    pod.metadata.annotations ?? {};
  return { counted: Number(counted ?? 0) || 0, ignored: Number(ignored ?? 0) || 0 };
}

/** How often the index had failed before the pod, whether that counts or not. */
export function absoluteFailures(pod: Pod): number {
  const { counted, ignored } = indexFailures(pod);
  return counted + ignored;
}

/** A new pod of the Job. `replaced` is the failed pod of the same index, where failures are counted by index. */
export function draftPod(job: Job, index: number | undefined, replaced: Pod | undefined): Draft<Pod> {
  const pod = podFromTemplate(job.spec?.template ?? {}, job, newControllerRef(jobs, job));
  const { metadata, spec } = pod;
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), trackingFinalizer])];
  if (index === undefined) return pod;
  const text = String(index);
  metadata.labels = { ...metadata.labels, [completionIndexAnnotation]: text };
  metadata.annotations = { ...metadata.annotations, [completionIndexAnnotation]: text };
  const suffix = `-${text}-`;
  metadata.generateName = `${job.metadata.name.slice(0, maxGeneratedNameChars - suffix.length)}${suffix}`;
  spec.hostname = `${job.metadata.name}-${text}`;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) addIndexEnv(container);
  if (job.spec?.backoffLimitPerIndex !== undefined) Object.assign(metadata.annotations, failureCounts(job, replaced));
  return pod;
}

function addIndexEnv(container: Container): void {
  if (container.env?.some(({ name }) => name === indexEnv)) return;
  const fieldPath = `metadata.labels['${completionIndexAnnotation}']`;
  container.env = [...(container.env ?? []), { name: indexEnv, valueFrom: { fieldRef: { fieldPath } } }];
}

function failureCounts(job: Job, replaced: Pod | undefined): Record<string, string> {
  let { counted, ignored } = replaced === undefined ? { counted: 0, ignored: 0 } : indexFailures(replaced);
  if (replaced !== undefined) {
    if (judgeFailure(job, replaced).counts) counted++;
    else ignored++;
  }
  return {
    [failureCountAnnotation]: String(counted),
    ...(ignored > 0 ? { [ignoredFailureCountAnnotation]: String(ignored) } : {}),
  };
}

/**
 * The active pods to delete: those of an index that another has, or that is not wanted, and more until `atLeast` go.
 */
export function podsToDelete(job: Job, active: readonly Pod[], atLeast: number, now: number): Pod[] {
  const surplus: Pod[] = [];
  let rest: Pod[] = [];
  if (isIndexed(job)) {
    const byIndex = new Map<number, Pod[]>();
    for (const pod of active) {
      const index = completionIndex(pod);
      if (index === undefined || !hasValidIndex(pod, job)) surplus.push(pod);
      else byIndex.set(index, [...(byIndex.get(index) ?? []), pod]);
    }
    for (const same of byIndex.values()) {
      const ranked = rankForDeletion(same, [], now);
      surplus.push(...ranked.slice(0, -1));
      rest.push(...ranked.slice(-1));
    }
  } else rest = [...active];
  if (surplus.length >= atLeast) return surplus;
  return [...surplus, ...rankForDeletion(rest, [], now).slice(0, atLeast - surplus.length)];
}

/** A copy of a Job's status that may be changed. */
export function copyStatus(job: Job): NonNullable<Job["status"]> {
  const status = deepCopy(job.status ?? {});
  status.uncountedTerminatedPods ??= {};
  return status;
}
