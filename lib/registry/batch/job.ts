/** Jobs (upstream: pkg/registry/batch/job). */
import { type Path, path } from "../../apimachinery/validation/field.ts";
import type { Job, JobSpec } from "../../openapi/types/batch-v1.ts";
import { podTemplateWarnings, setPodTemplateDefaults } from "../pod-spec/template.ts";
import { ageCell, containerCells, durationCell, selectorCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { nameWarnings } from "../validation/workload.ts";
import { generateSelector } from "./job-labels.ts";
import { validateJobStatus } from "./job-status-validation.ts";
import { validateJob, validateJobUpdate } from "./job-validation.ts";

const orphanWarning =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/** Defaults that a CronJob's template gets too: those of pods and of the failure policy's patterns. */
export function setJobTemplateDefaults(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  }
  setPodTemplateDefaults(spec.template);
}

function setDefaults({ metadata, spec }: Job): void {
  if (spec.parallelism === undefined) {
    spec.completions ??= 1;
    spec.parallelism = 1;
  }
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  spec.manualSelector ??= false;
  setJobTemplateDefaults(spec);
  adoptLabels({ metadata, spec });
}

/** A Job without labels has those of its pods. */
function adoptLabels({ metadata, spec }: Job): void {
  const labels = spec.template.metadata?.labels;
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
}

/** What there is to say of a Job's spec. */
export function jobSpecWarnings(spec: JobSpec, field: Path): string[] {
  const many = (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000;
  const text =
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail";
  const warnings = spec.completionMode === "Indexed" && many ? [`${field}: ${text}`] : [];
  return [...warnings, ...podTemplateWarnings(spec.template, field.child("template"))];
}

function completionsCell({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function statusCell({ metadata, status }: Job): string {
  const has = (type: string) => status?.conditions?.some((item) => item.type === type && item.status === "True");
  for (const type of ["Complete", "Failed"]) if (has(type)) return type;
  if (metadata.deletionTimestamp) return "Terminating";
  for (const type of ["Suspended", "FailureTarget", "SuccessCriteriaMet"]) if (has(type)) return type;
  return "Running";
}

function timeCell({ status }: Job, now: number): string {
  if (!status?.startTime) return "";
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return durationCell(end - Date.parse(status.startTime));
}

/** jobs.batch */
export const jobStrategy: Strategy<Job> = {
  setDefaults,
  defaultDeletion: "orphan",
  warningsOnDelete: ({ propagationPolicy, orphanDependents }) =>
    propagationPolicy === undefined && orphanDependents === undefined ? [orphanWarning] : [],
  prepareForCreate(job) {
    generateSelector(job);
    adoptLabels(job);
    job.status = {};
    job.metadata.generation = 1;
  },
  validate: (job) => validateJob(job),
  warningsOnCreate: ({ metadata, spec }) => [...nameWarnings(metadata.name), ...jobSpecWarnings(spec, path("spec"))],
  prepareForUpdate(job, old) {
    job.status = old.status;
    countGeneration(job.metadata, old.metadata, !same(job.spec, old.spec));
  },
  validateUpdate: validateJobUpdate,
  warningsOnUpdate: (job, old) =>
    job.metadata.generation === old.metadata.generation ? [] : jobSpecWarnings(job.spec, path("spec")),
  selectableFields: ({ status }) => ({ "status.successful": String(status?.succeeded ?? 0) }),
  cells: (job, { now }) => [
    job.metadata.name,
    statusCell(job),
    completionsCell(job),
    timeCell(job, now),
    ageCell(job.metadata.creationTimestamp, now),
    ...containerCells(job.spec.template?.spec?.containers),
    selectorCell(job.spec.selector),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(job, old) {
        job.spec = old.spec;
      },
      validateUpdate: validateJobStatus,
    },
  },
};
