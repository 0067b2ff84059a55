/** CronJobs (upstream: pkg/registry/batch/cronjob). */
import {
  type FieldError,
  invalid,
  notSupported,
  notSupportedAsListed,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import type { CronJob, CronJobSpec, JobSpec } from "../../openapi/types/batch-v1.ts";
import { ageCell, containerCells, selectorCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { validateNonNegative } from "../validation/number.ts";
import { nameWarnings } from "../validation/workload.ts";
import { cronProblem, zoneProblem } from "./cron-schedule.ts";
import { jobSpecWarnings, setJobTemplateDefaults } from "./job.ts";
import { validateJobTemplate } from "./job-validation.ts";

const specField = path("spec");
const jobField = specField.child("jobTemplate", "spec");
/** A Job's name is this one's with a hyphen and ten digits, and has to be a DNS label. */
const maxNameBytes = 52;

const jobSpec = ({ spec }: CronJob) => spec.jobTemplate.spec as JobSpec;

function setDefaults(cronJob: CronJob): void {
  const { spec } = cronJob;
  spec.concurrencyPolicy ||= "Allow";
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  setJobTemplateDefaults(jobSpec(cronJob));
}

function validateSchedule(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const field = specField.child("schedule");
  const { schedule, timeZone } = spec;
  if (!schedule) return [required(field, "")];
  const problem = cronProblem(schedule);
  const errors = problem ? [invalid(field, schedule, problem)] : [];
  if (!schedule.includes("TZ")) return errors;
  if (!old?.schedule.includes("TZ")) {
    errors.push(invalid(field, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  } else if (timeZone !== undefined) {
    errors.push(invalid(field, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
  }
  return errors;
}

function validateTimeZone(zone: string | undefined): FieldError[] {
  const field = specField.child("timeZone");
  if (zone === undefined) return [];
  if (zone === "") return [invalid(field, zone, "timeZone must be nil or non-empty string")];
  const good = (part: string) => /^[A-Za-z.\-_0-9+]{1,14}$/.test(part) && !part.startsWith("-");
  if (!zone.split("/").every((part) => part !== "." && part !== ".." && good(part))) {
    return [invalid(field, zone, `unknown time zone ${zone}`)];
  }
  if (zone.toLowerCase() === "local") {
    const text = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    const errors = [invalid(field, zone, text)];
    return zone === "Local" ? errors : [...errors, invalid(field, zone, `unknown time zone ${zone}`)];
  }
  const problem = zoneProblem(zone);
  return problem ? [invalid(field, zone, problem)] : [];
}

function validateSpec(cronJob: CronJob, old?: CronJob): FieldError[] {
  const { spec } = cronJob;
  const errors = validateSchedule(spec, old?.spec);
  errors.push(...validateNonNegative(spec.startingDeadlineSeconds, specField.child("startingDeadlineSeconds")));
  if (!old || old.spec.timeZone !== spec.timeZone) errors.push(...validateTimeZone(spec.timeZone));
  const policies = ["Allow", "Forbid", "Replace"];
  const field = specField.child("concurrencyPolicy");
  if (!spec.concurrencyPolicy) errors.push(required(field, ""));
  else if (!policies.includes(spec.concurrencyPolicy)) {
    errors.push(notSupported(field, spec.concurrencyPolicy, policies));
  }
  const job = jobSpec(cronJob);
  errors.push(...validateJobTemplate(job, jobField));
  if (job.selector) errors.push(invalid(jobField.child("selector"), job.selector, "`selector` will be auto-generated"));
  if (job.manualSelector === true) {
    errors.push(notSupportedAsListed(jobField.child("manualSelector"), true, ["nil", "false"]));
  }
  for (const name of ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] as const) {
    errors.push(...validateNonNegative(spec[name], specField.child(name)));
  }
  return errors;
}

/** cronjobs.batch */
export const cronJobStrategy: Strategy<CronJob> = {
  setDefaults,
  prepareForCreate(cronJob) {
    cronJob.status = {};
    cronJob.metadata.generation = 1;
  },
  validate(cronJob) {
    const errors = validateSpec(cronJob);
    const { name } = cronJob.metadata;
    if (Buffer.byteLength(name ?? "") <= maxNameBytes) return errors;
    return [...errors, invalid(path("metadata", "name"), name, `must be no more than ${maxNameBytes} characters`)];
  },
  warningsOnCreate: (cronJob) => [
    ...nameWarnings(cronJob.metadata.name),
    ...jobSpecWarnings(jobSpec(cronJob), jobField),
  ],
  prepareForUpdate(cronJob, old) {
    cronJob.status = old.status;
    countGeneration(cronJob.metadata, old.metadata, !same(cronJob.spec, old.spec));
  },
  validateUpdate: validateSpec,
  warningsOnUpdate(cronJob, old) {
    const changed = cronJob.metadata.generation !== old.metadata.generation;
    const warnings = changed ? jobSpecWarnings(jobSpec(cronJob), jobField) : [];
    if (cronJob.spec.schedule.includes("TZ")) {
      warnings.push(
        "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
      );
    }
    return warnings;
  },
  cells: (cronJob, { now }) => {
    const { metadata, spec, status } = cronJob;
    const { template, selector } = jobSpec(cronJob);
    return [
      metadata.name,
      spec.schedule,
      spec.timeZone ?? "<none>",
      spec.suspend === undefined ? "<unset>" : spec.suspend ? "True" : "False",
      status?.active?.length ?? 0,
      status?.lastScheduleTime ? ageCell(status.lastScheduleTime, now) : "<none>",
      ageCell(metadata.creationTimestamp, now),
      ...containerCells(template?.spec?.containers),
      selectorCell(selector),
    ];
  },
  updateSubresources: {
    status: {
      prepareForUpdate(cronJob, old) {
        cronJob.spec = old.spec;
      },
    },
  },
};
