/** Validation of a Job's status: a Job may be another controller's (upstream: pkg/registry/batch/job/strategy.go, KEP-4368). */
import { duplicate, type FieldError, invalid, omitted, path, required } from "../../apimachinery/validation/field.ts";
import type { Job, JobStatus } from "../../openapi/types/batch-v1.ts";
import { same } from "../validation/generation.ts";
import { validateCounts } from "../validation/workload.ts";
import { countIndexes, firstOverlap } from "./indexes.ts";

const field = path("status");
const conditionsField = field.child("conditions");

const isTrue = ({ conditions }: JobStatus, type: string) =>
  conditions?.some((condition) => condition.type === type && condition.status === "True") === true;
const isFalse = ({ conditions }: JobStatus, type: string) =>
  conditions?.some((condition) => condition.type === type && condition.status === "False") === true;
const isFinished = (status: JobStatus) => isTrue(status, "Complete") || isTrue(status, "Failed");

const condition = (text: string) => invalid(conditionsField, omitted, text);

/** A check runs only where what it is about has changed: other writes must not fail for what was there before. */
class Transition {
  readonly job: Job;
  readonly now: JobStatus;
  readonly before: JobStatus;
  constructor(job: Job, old: Job) {
    this.job = job;
    this.now = job.status ?? {};
    this.before = old.status ?? {};
  }

  changed(...names: (keyof JobStatus)[]): boolean {
    return names.some((name) => !same(this.now[name], this.before[name]));
  }

  turned(...types: string[]): boolean {
    return types.some((type) => isTrue(this.now, type) !== isTrue(this.before, type));
  }

  get finishedTurned(): boolean {
    return isFinished(this.now) !== isFinished(this.before);
  }
}

/** The status of a Job, and how it changed. */
export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const transition = new Transition(job, old);
  return [
    ...validateCounts(job.status, ["active", "succeeded", "failed", "ready", "terminating"]),
    ...validateUncounted(transition.now),
    ...validateConditions(transition),
    ...validateTimes(transition),
    ...validateFinished(transition),
    ...validateIndexes(transition),
    ...validateHistory(transition),
  ];
}

function validateUncounted({ uncountedTerminatedPods: uncounted }: JobStatus): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const list of ["succeeded", "failed"] as const) {
    for (const [index, uid] of (uncounted?.[list] ?? []).entries()) {
      const at = field.child("uncountedTerminatedPods", list).index(index);
      if (uid === "") errors.push(invalid(at, uid, "must not be empty"));
      else if (seen.has(uid)) errors.push(duplicate(at, uid));
      seen.add(uid);
    }
  }
  return errors;
}

function validateConditions(transition: Transition): FieldError[] {
  const { now, job } = transition;
  const [complete, failed] = [isTrue(now, "Complete"), isTrue(now, "Failed")];
  const [target, met] = [isTrue(now, "FailureTarget"), isTrue(now, "SuccessCriteriaMet")];
  const errors: FieldError[] = [];
  if (transition.turned("Complete", "Failed") && complete && failed) {
    errors.push(condition("cannot set Complete=True and Failed=true conditions"));
  }
  if (transition.turned("Complete", "FailureTarget") && complete && target) {
    errors.push(condition("cannot set Complete=True and FailureTarget=true conditions"));
  }
  if ((transition.turned("Failed") || transition.changed("failedIndexes")) && failed && !target) {
    errors.push(condition("cannot set Failed=True condition without the FailureTarget=true condition"));
  }
  if (transition.turned("Complete", "SuccessCriteriaMet") && complete && !met) {
    errors.push(condition("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"));
  }
  if (met && failed) errors.push(condition("cannot set SuccessCriteriaMet=True and Failed=true conditions"));
  if (met && target) errors.push(condition("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"));
  if (job.spec.successPolicy && !met && complete) {
    errors.push(condition("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"));
  }
  return errors;
}

function validateTimes(transition: Transition): FieldError[] {
  const { now } = transition;
  const at = field.child("completionTime");
  const errors: FieldError[] = [];
  const complete = isTrue(now, "Complete");
  if (transition.turned("Complete") || transition.changed("completionTime")) {
    if (now.completionTime && !complete) {
      const text = "cannot set completionTime when there is no Complete=True condition";
      errors.push(invalid(at, now.completionTime, text));
    }
    if (!now.completionTime && complete) errors.push(required(at, "completionTime is required for Complete jobs"));
  }
  const [start, end] = [now.startTime, now.completionTime];
  if (transition.changed("startTime", "completionTime") && start && end && Date.parse(end) < Date.parse(start)) {
    errors.push(invalid(at, end, "must be equal to or after `startTime`"));
  }
  return errors;
}

function validateFinished(transition: Transition): FieldError[] {
  const { now, job } = transition;
  const errors: FieldError[] = [];
  const touched = (name: keyof JobStatus) => transition.finishedTurned || transition.changed(name);
  const finished = isFinished(now);
  const uncounted = now.uncountedTerminatedPods;
  if (finished && (now.active ?? 0) > 0 && touched("active")) {
    errors.push(invalid(field.child("active"), now.active, "active>0 is invalid for finished job"));
  }
  const idle = job.spec.suspend === true && job.spec.completions === 0;
  if (finished && !now.startTime && touched("startTime") && !idle) {
    errors.push(required(field.child("startTime"), "startTime is required for finished job"));
  }
  const left = (uncounted?.failed ?? []).length + (uncounted?.succeeded ?? []).length;
  if (finished && left > 0 && touched("uncountedTerminatedPods")) {
    errors.push(invalid(field.child("uncountedTerminatedPods"), uncounted, "must be empty for finished job"));
  }
  if (finished && (now.terminating ?? 0) > 0 && touched("terminating")) {
    errors.push(invalid(field.child("terminating"), now.terminating, "terminating>0 is invalid for finished job"));
  }
  if (transition.changed("ready", "active") && (now.ready ?? 0) > (now.active ?? 0)) {
    errors.push(invalid(field.child("ready"), now.ready, "cannot set more ready pods than active"));
  }
  return errors;
}

function validateIndexes(transition: Transition): FieldError[] {
  const { now, job } = transition;
  const { completions, backoffLimitPerIndex, completionMode } = job.spec;
  const { completedIndexes = "", failedIndexes } = now;
  const errors: FieldError[] = [];
  const [completed, failed] = [field.child("completedIndexes"), field.child("failedIndexes")];
  const problem = (text: string) => (completions === undefined ? undefined : countIndexes(text, completions));
  if (transition.changed("completedIndexes")) {
    const text = problem(completedIndexes);
    if (typeof text === "string") {
      errors.push(invalid(completed, completedIndexes, `error parsing completedIndexes: ${text}`));
    }
    if (completedIndexes !== "" && completionMode !== "Indexed") {
      const reason = "cannot set non-empty completedIndexes when non-indexed completion mode";
      errors.push(invalid(completed, completedIndexes, reason));
    }
  }
  if (failedIndexes === undefined) return errors;
  if (transition.changed("failedIndexes")) {
    const text = backoffLimitPerIndex === undefined ? undefined : problem(failedIndexes);
    if (typeof text === "string") errors.push(invalid(failed, failedIndexes, `error parsing failedIndexes: ${text}`));
    if (backoffLimitPerIndex === undefined) {
      errors.push(
        invalid(failed, failedIndexes, "cannot set non-null failedIndexes when backoffLimitPerIndex is null"),
      );
    }
  }
  if (!transition.changed("failedIndexes", "completedIndexes") || completions === undefined) return errors;
  const both = firstOverlap(completedIndexes, failedIndexes, completions);
  if (both === undefined) return errors;
  return [...errors, invalid(failed, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${both}`)];
}

function validateHistory(transition: Transition): FieldError[] {
  const { now, before, job } = transition;
  const { spec } = job;
  const errors: FieldError[] = [];
  for (const type of ["Failed", "Complete", "FailureTarget"]) {
    if (isTrue(before, type) && !isTrue(now, type)) {
      errors.push(condition(`cannot disable the terminal ${type}=True condition`));
    }
  }
  const shrinks = spec.completionMode === "Indexed" && spec.completions === spec.parallelism;
  for (const name of ["failed", "succeeded"] as const) {
    if ((now[name] ?? 0) >= (before[name] ?? 0) || (name === "succeeded" && shrinks)) continue;
    errors.push(invalid(field.child(name), now[name] ?? 0, `cannot decrease the ${name} counter`));
  }
  if (now.completionTime && before.completionTime && now.completionTime !== before.completionTime) {
    errors.push(invalid(field.child("completionTime"), now.completionTime, "field is immutable"));
  }
  const resumes = isTrue(before, "Suspended") && isFalse(now, "Suspended");
  if (before.startTime && now.startTime !== before.startTime && !spec.suspend && !resumes) {
    const text = "field is immutable for unsuspended job once set";
    errors.push(invalid(field.child("startTime"), now.startTime ?? null, text));
  }
  const [was, is] = [isTrue(before, "SuccessCriteriaMet"), isTrue(now, "SuccessCriteriaMet")];
  if (was && !is) errors.push(condition("cannot disable the SuccessCriteriaMet=True condition"));
  if (isTrue(before, "Complete") && !was && is) {
    errors.push(condition("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"));
  }
  return errors;
}
