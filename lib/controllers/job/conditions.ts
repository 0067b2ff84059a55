/** The conditions by which a Job says that it ends, and how (upstream: controller/job/job_controller.go). */
import { timeText } from "../../apimachinery/clock.ts";
import type { Job, JobCondition } from "../../openapi/types/batch-v1.ts";

/** A condition that begins now. */
export function newCondition(type: string, status: string, reason: string, message: string, now: number): JobCondition {
  const time = timeText(now);
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
}

/** The condition of a type that is True, if it is there. */
export function trueCondition(job: { status?: Job["status"] }, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((one) => one.type === type && one.status === "True");
}

/** Whether the Job is Complete or Failed for good. */
export function isFinished(job: Job): boolean {
  return trueCondition(job, "Complete") !== undefined || trueCondition(job, "Failed") !== undefined;
}

/** Sets a condition; one that is False and was never there is left out. True where that changes anything. */
export function ensureCondition(conditions: JobCondition[], next: JobCondition): boolean {
  const index = conditions.findIndex((one) => one.type === next.type);
  if (index < 0) {
    if (next.status === "False") return false;
    conditions.push(next);
    return true;
  }
  const old = conditions[index];
  if (old.status === next.status && old.reason === next.reason && old.message === next.message) return false;
  conditions[index] = next;
  return true;
}
