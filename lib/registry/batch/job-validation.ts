/** Validation of Jobs (upstream: pkg/apis/batch/validation). */
import { deepCopy } from "../../apimachinery/equality.ts";
import {
  type FieldError,
  invalid,
  notSupported,
  notSupportedAsListed,
  type Path,
  path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import { validateImmutableField, validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import { isDNS1123Label } from "../../apimachinery/validation/names.ts";
import type { Job, JobSpec } from "../../openapi/types/batch-v1.ts";
import type { PodSpec, PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import { validatePodTemplateSpec } from "../pod-spec/template.ts";
import { validateDomainPrefixedPath } from "../validation/domain-prefixed-path.ts";
import { validateNonNegative } from "../validation/number.ts";
import { parsedSelector } from "../validation/workload.ts";
import { validatePodFailurePolicy, validateSuccessPolicy } from "./job-failure-policy.ts";
import { jobLabels } from "./job-labels.ts";

const specField = path("spec");
const maxParallelism = 100_000;
const maxFailed = 100_000;
const manyCompletions = 100_000;
const limitForMany = 10_000;
const maxManagedByBytes = 63;
const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

/** A Job. `prefixed`: its template must carry the labels with a prefix too (those of before 1.27 don't). */
export function validateJob(job: Job, prefixed = true): FieldError[] {
  const { metadata, spec } = job;
  const errors = [...validateGeneratedSelector(job, prefixed), ...validateJobSpec(spec)];
  if (spec.completionMode !== "Indexed" || (spec.completions ?? 0) <= 0) return errors;
  const host = `${metadata.name}-${(spec.completions ?? 0) - 1}`;
  if (isDNS1123Label(host).length === 0) return errors;
  const text = `will not able to create pod with invalid DNS label: ${host}`;
  return [...errors, invalid(path("metadata", "name"), metadata.name, text)];
}

function validateGeneratedSelector({ metadata, spec }: Job, prefixed: boolean): FieldError[] {
  if (spec.manualSelector === true || !spec.selector) return [];
  const expected = jobLabels(metadata.name ?? "", metadata.uid ?? "", prefixed);
  const field = specField.child("template", "metadata");
  const errors: FieldError[] = [];
  const labels = spec.template.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(expected)) {
    if (labels[key] === undefined) errors.push(required(field.child("labels").key(key), `must be '${value}'`));
    else if (labels[key] !== value) errors.push(invalid(field.child("labels").key(key), labels, `must be '${value}'`));
  }
  if (parsedSelector(spec.selector)?.matches(expected) === false) {
    errors.push(invalid(specField.child("selector"), spec.selector, "`selector` not auto-generated"));
  }
  return errors;
}

function validateJobSpec(spec: JobSpec): FieldError[] {
  const errors = validateJobTemplate(spec, specField);
  const field = specField.child("selector");
  errors.push(...(spec.selector ? validateLabelSelector(spec.selector, field) : [required(field, "")]));
  const labels = spec.template.metadata?.labels;
  if (parsedSelector(spec.selector)?.matches(labels) === false) {
    const at = specField.child("template", "metadata", "labels");
    errors.push(invalid(at, labels ?? null, "`selector` does not match template `labels`"));
  }
  return errors;
}

/** A Job's spec but for its selector: what a CronJob's template holds, too. */
export function validateJobTemplate(spec: JobSpec, field: Path): FieldError[] {
  const errors = counts.flatMap((name) => validateNonNegative(spec[name], field.child(name)));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(field.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
  }
  errors.push(...validateManagedBy(spec.managedBy, field.child("managedBy")));
  errors.push(...validateCompletionMode(spec, field));
  if (spec.podFailurePolicy) errors.push(...validatePodFailurePolicy(spec, field.child("podFailurePolicy")));
  if (spec.successPolicy) errors.push(...validateSuccessPolicy(spec, field.child("successPolicy")));
  errors.push(...validateReplacement(spec, field.child("podReplacementPolicy")));
  errors.push(...validatePodTemplateSpec(spec.template, field.child("template")));
  return [...errors, ...validateRestartPolicy(spec, field.child("template", "spec", "restartPolicy"))];
}

function validateManagedBy(name: string | undefined, field: Path): FieldError[] {
  if (name === undefined) return [];
  const errors = validateDomainPrefixedPath(name, field);
  return Buffer.byteLength(name) > maxManagedByBytes ? [...errors, tooLong(field, maxManagedByBytes)] : errors;
}

function validateCompletionMode(spec: JobSpec, field: Path): FieldError[] {
  const { completionMode: mode } = spec;
  const errors: FieldError[] = [];
  if (mode !== undefined && mode !== "NonIndexed" && mode !== "Indexed") {
    errors.push(notSupportedAsListed(field.child("completionMode"), mode, ["NonIndexed", "Indexed"]));
  }
  if (mode === "Indexed") errors.push(...validateIndexed(spec, field));
  if (mode !== undefined && mode !== "NonIndexed") return errors;
  for (const name of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
    if (spec[name] === undefined) continue;
    errors.push(invalid(field.child(name), spec[name], "requires indexed completion mode"));
  }
  return errors;
}

function validateIndexed(spec: JobSpec, field: Path): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  const most = (name: "parallelism" | "maxFailedIndexes", limit: number, when = "") => {
    const value = spec[name] ?? 0;
    if (value <= limit) return;
    errors.push(invalid(field.child(name), value, `must be less than or equal to ${limit}${when}`));
  };
  if (completions === undefined) errors.push(required(field.child("completions"), "when completion mode is Indexed"));
  if (parallelism > maxParallelism) most("parallelism", maxParallelism, " when completion mode is Indexed");
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(
      invalid(field.child("maxFailedIndexes"), maxFailedIndexes, "must be less than or equal to completions"),
    );
  }
  most("maxFailedIndexes", maxFailed);
  if ((completions ?? 0) <= manyCompletions || spec.backoffLimitPerIndex === undefined) return errors;
  if (maxFailedIndexes === undefined) {
    const text = `must be specified when completions is above ${manyCompletions}`;
    errors.push(required(field.child("maxFailedIndexes"), text));
  }
  const when = ` when completions are above ${manyCompletions} and used with backoff limit per index`;
  most("parallelism", limitForMany, when);
  most("maxFailedIndexes", limitForMany, when);
  return errors;
}

function validateReplacement({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, field: Path): FieldError[] {
  if (policy === undefined) return [];
  const valid = podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  return valid.includes(policy) ? [] : [notSupported(field, policy, valid)];
}

function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, field: Path): FieldError[] {
  const policy = template.spec?.restartPolicy ?? "";
  if (policy === "Always" || policy === "") return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== "OnFailure" && policy !== "Never") {
    return [notSupportedAsListed(field, policy, ["OnFailure", "Never"])];
  }
  if (!podFailurePolicy || policy === "Never") return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/** A Job that replaces another version of itself; upstream validates its spec twice, and so shows each error twice. */
export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const labels = old.spec.template.metadata?.labels ?? {};
  const prefixed = "batch.kubernetes.io/job-name" in labels && "batch.kubernetes.io/controller-uid" in labels;
  const errors = [...validateJob(job, prefixed), ...validateJobSpec(job.spec)];
  errors.push(...validateCompletionsUpdate(job.spec, old.spec));
  const fixed = (name: keyof JobSpec) => validateImmutableField(job.spec[name], old.spec[name], specField.child(name));
  errors.push(...fixed("selector"), ...validateTemplateUpdate(job, old));
  for (const name of [
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
    "successPolicy",
  ] as const) {
    errors.push(...fixed(name));
  }
  return errors;
}

function validateCompletionsUpdate(spec: JobSpec, old: JobSpec): FieldError[] {
  const field = specField.child("completions");
  if (spec.completionMode !== "Indexed") return validateImmutableField(spec.completions, old.completions, field);
  const { completions, parallelism } = spec;
  if (completions === old.completions || completions === undefined || completions === parallelism) return [];
  return [invalid(field, completions, "can only be modified in tandem with spec.parallelism")];
}

/** Whether pods of the Job don't run, so that where they will may still change (KEP-2926, KEP-5440). */
function isAtRest({ spec, status }: Job): boolean {
  const suspended = status?.conditions?.some(({ type, status: value }) => type === "Suspended" && value === "True");
  return spec.suspend === true && (status?.startTime === undefined || suspended === true) && !status?.active;
}

function validateTemplateUpdate(job: Job, old: Job): FieldError[] {
  const field = specField.child("template");
  const now = job.spec.template;
  if (!isAtRest(old)) return validateImmutableField(now, old.spec.template, field);
  const allowed = withScheduling(old.spec.template, now);
  if (now.spec && allowed.spec) withResources(allowed.spec, now.spec);
  return validateImmutableField(now.spec, allowed.spec, specField.child("template.spec"));
}

/** `old` with the labels, annotations and scheduling of `now`. */
function withScheduling(old: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const copy = deepCopy(old);
  copy.metadata = { ...copy.metadata, annotations: now.metadata?.annotations, labels: now.metadata?.labels };
  if (!copy.spec || !now.spec) return copy;
  const nodeAffinity = now.spec.affinity?.nodeAffinity;
  if (now.spec.affinity || copy.spec.affinity) copy.spec.affinity = { ...copy.spec.affinity, nodeAffinity };
  copy.spec.nodeSelector = now.spec.nodeSelector;
  copy.spec.tolerations = now.spec.tolerations;
  copy.spec.schedulingGates = now.spec.schedulingGates;
  return copy;
}

/** Lets containers of the same names ask for other resources. Mutates `old`. */
function withResources(old: PodSpec, now: PodSpec): void {
  for (const list of ["containers", "initContainers"] as const) {
    const [before, after] = [old[list] ?? [], now[list] ?? []];
    if (before.length !== after.length) continue;
    for (const [index, container] of before.entries()) {
      if (container.name === after[index].name) container.resources = after[index].resources;
    }
  }
}
