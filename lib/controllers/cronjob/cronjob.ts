/** Makes Jobs by schedule (upstream: controller/cronjob/cronjob_controllerv2.go). */

import { timeText } from "../../apimachinery/clock.ts";
import { deepCopy, semanticEqual } from "../../apimachinery/equality.ts";
import { isAlreadyExists, isNotFound } from "../../apimachinery/errors.ts";
import { controllerOf, type Draft } from "../../apimachinery/meta.ts";
import type { CronJob, CronJobStatus, Job } from "../../openapi/types/batch-v1.ts";
import { cronjobs, jobs } from "../../openapi/types/resources.ts";
import { type Controller, type ControllerContext, ownKey, type Result, source } from "../controller.ts";
import { isFinished, trueCondition } from "../job/conditions.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { OwnWrites } from "../own-writes.ts";
import { controllerKey, indexByController, newControllerRef, ownedBy } from "../owned.ts";
import { mostRecentDue, nextDueMs, parseSchedule, type Schedule } from "./schedule.ts";

const scheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";
const unseenRetryMs = 1000;

/** The controller; its keys are those of CronJobs. */
export function createCronJobController(context: ControllerContext): Controller {
  return new CronJobController(context);
}

class CronJobController implements Controller {
  readonly name = "cronjob-controller";
  readonly sources = [
    source(cronjobs, ownKey),
    source(jobs, ({ object, old }) => {
      const keys = [controllerKey(cronjobs, object), controllerKey(cronjobs, old)];
      return new Set(keys.filter((key) => key !== undefined));
    }),
  ];
  readonly #context: ControllerContext;
  readonly #writes = new OwnWrites();

  constructor(context: ControllerContext) {
    this.#context = context;
    indexByController(this.#jobs);
  }

  get #jobs() {
    return this.#context.informers.get(jobs);
  }

  async reconcile(key: string): Promise<Result | undefined> {
    const informer = this.#context.informers.get(cronjobs);
    const cronJob = informer.get(key);
    if (cronJob === undefined) {
      this.#writes.forget(key);
      return undefined;
    }
    if (!this.#writes.seen(key)) return { requeueAfterMs: unseenRetryMs };
    const children = this.#writes.withoutDeleted(key, ownedBy(this.#jobs, cronJob.metadata.uid));
    const status = deepCopy(cronJob.status ?? {});
    const kept = await this.#trimHistory(key, cronJob, children);
    await this.#settle(cronJob, status, kept);
    let requeueAfterMs: number | undefined;
    let problem: unknown;
    try {
      requeueAfterMs = await this.#start(key, cronJob, status, kept);
    } catch (error) {
      problem = error;
    }
    if (!semanticEqual(status, cronJob.status ?? {})) {
      const changed = { ...cronJob, status };
      const written = await this.#context.client.update(cronjobs, changed, { subresource: "status" });
      this.#writes.wrote(key, informer, written);
    }
    if (problem !== undefined) throw problem;
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }

  #event(cronJob: CronJob, type: "Normal" | "Warning", reason: string, message: string): void {
    this.#context.events.event(cronJob, type, reason, message);
  }

  /** Takes ended Jobs off the active ones, and those that are gone. */
  async #settle(cronJob: CronJob, status: CronJobStatus, children: readonly Job[]): Promise<void> {
    const byUid = new Map(children.map((job) => [job.metadata.uid, job]));
    const active = (status.active ?? []).map(({ uid }) => uid);
    for (const job of children) {
      const { uid, name } = job.metadata;
      const complete = trueCondition(job, "Complete");
      if (!isFinished(job)) {
        if (!active.includes(uid)) {
          const message = `Saw a job that the controller did not create or forgot: ${name}`;
          this.#event(cronJob, "Warning", "UnexpectedJob", message);
        }
        continue;
      }
      if (active.includes(uid)) {
        const condition = complete === undefined ? "Failed" : "Complete";
        this.#event(cronJob, "Normal", "SawCompletedJob", `Saw completed job: ${name}, condition: ${condition}`);
        status.active = status.active?.filter((one) => one.uid !== uid);
      }
      const { completionTime } = job.status ?? {};
      const { lastSuccessfulTime = "" } = status;
      if (complete !== undefined && completionTime !== undefined && completionTime > lastSuccessfulTime)
        status.lastSuccessfulTime = completionTime;
    }
    for (const { uid = "", name = "", namespace = "" } of [...(status.active ?? [])]) {
      if (byUid.has(uid) || (await this.#live(namespace, name)) !== undefined) continue;
      this.#event(cronJob, "Normal", "MissingJob", `Active job went missing: ${name}`);
      status.active = status.active?.filter((one) => one.uid !== uid);
    }
    if (status.active?.length === 0) status.active = undefined;
  }

  async #live(namespace: string, name: string): Promise<Job | undefined> {
    try {
      return await this.#context.client.get(jobs, { namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Deletes the oldest ended Jobs beyond the limits. Gives those that are left. */
  async #trimHistory(key: string, cronJob: CronJob, children: readonly Job[]): Promise<Job[]> {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec ?? {};
    const gone = new Set<string>();
    const trim = async (type: string, limit: number | undefined) => {
      const ended = children.filter((job) => trueCondition(job, type) !== undefined);
      if (limit === undefined || ended.length <= limit) return;
      const startOf = ({ status, metadata }: Job) => status?.startTime ?? metadata.creationTimestamp;
      ended.sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
      for (const job of ended.slice(0, ended.length - limit)) {
        await this.#delete(key, cronJob, job);
        gone.add(job.metadata.uid);
      }
    };
    await trim("Complete", successfulJobsHistoryLimit);
    await trim("Failed", failedJobsHistoryLimit);
    return children.filter((job) => !gone.has(job.metadata.uid));
  }

  async #delete(key: string, cronJob: CronJob, job: Job): Promise<void> {
    const { namespace, name, uid } = job.metadata;
    try {
      await this.#context.client.delete(jobs, { namespace, name }, { uid, propagationPolicy: "Background" });
      this.#event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
    } catch (error) {
      if (!isNotFound(error)) {
        this.#event(cronJob, "Warning", "FailedDelete", `Deleted job: ${(error as Error).message}`);
        throw error;
      }
    }
    this.#writes.deleted(key, uid);
  }

  #schedule(cronJob: CronJob): Schedule | undefined {
    const { schedule = "", timeZone } = cronJob.spec ?? {};
    try {
      if (timeZone !== undefined) new Intl.DateTimeFormat("en", { timeZone });
    } catch {
      const message = `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`;
      this.#event(cronJob, "Warning", "UnknownTimeZone", message);
      return undefined;
    }
    try {
      return parseSchedule(schedule, timeZone);
    } catch (error) {
      const message = `unparseable schedule: "${schedule}" : ${(error as Error).message}`;
      this.#event(cronJob, "Warning", "UnparseableSchedule", message);
      return undefined;
    }
  }

  /** Makes the Job that is due, if any. Gives when to look again. */
  async #start(
    key: string,
    cronJob: CronJob,
    status: CronJobStatus,
    children: readonly Job[],
  ): Promise<number | undefined> {
    const { suspend, startingDeadlineSeconds, concurrencyPolicy = "Allow" } = cronJob.spec ?? {};
    if (cronJob.metadata.deletionTimestamp !== undefined || suspend) return undefined;
    const schedule = this.#schedule(cronJob);
    if (schedule === undefined) return undefined;
    const now = this.#context.clock.now();
    const later = () => nextDueMs({ ...cronJob, status }, schedule, now);
    const { at, missed } = mostRecentDue(cronJob, schedule, now, true);
    if (missed === "many") {
      const message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
      this.#event(cronJob, "Warning", "TooManyMissedTimes", message);
    }
    if (at === undefined) return later();
    if (startingDeadlineSeconds !== undefined && at + startingDeadlineSeconds * 1000 < now) {
      const message = `Missed scheduled time to start a job: ${new Date(at).toUTCString().replace("GMT", "+0000")}`;
      this.#event(cronJob, "Warning", "MissSchedule", message);
      return later();
    }
    const name = jobName(cronJob, at);
    const started = status.lastScheduleTime !== undefined && Date.parse(status.lastScheduleTime) === at;
    if (started || status.active?.some((one) => one.name === name)) return later();
    if (concurrencyPolicy === "Forbid" && (status.active ?? []).length > 0) {
      const message = "Not starting job because prior execution is running and concurrency policy is Forbid";
      this.#event(cronJob, "Normal", "JobAlreadyActive", message);
      return later();
    }
    if (concurrencyPolicy === "Replace") {
      for (const { uid } of [...(status.active ?? [])]) {
        const job = children.find((one) => one.metadata.uid === uid);
        if (job !== undefined) await this.#delete(key, cronJob, job);
      }
      status.active = undefined;
    }
    await this.#create(key, cronJob, status, draftJob(cronJob, name, at), at);
    return later();
  }

  async #create(key: string, cronJob: CronJob, status: CronJobStatus, draft: Draft<Job>, at: number): Promise<void> {
    let job: Job | undefined;
    try {
      job = await this.#context.client.create(jobs, draft);
      this.#writes.wrote(key, this.#jobs, job);
      this.#event(cronJob, "Normal", "SuccessfulCreate", `Created job ${job.metadata.name}`);
    } catch (error) {
      if (!isAlreadyExists(error)) {
        if (!isNamespaceTerminating(error))
          this.#event(cronJob, "Warning", "FailedCreate", `Error creating job: ${(error as Error).message}`);
        throw error;
      }
      // Made before, and not noted: the status of then was lost.
      job = await this.#live(cronJob.metadata.namespace, draft.metadata.name ?? "");
      if (job === undefined || controllerOf(job)?.uid !== cronJob.metadata.uid) return;
    }
    const { name, namespace, uid, resourceVersion } = job.metadata;
    if (!isFinished(job) && !status.active?.some((one) => one.uid === uid)) {
      const reference = { kind: "Job", apiVersion: "batch/v1", namespace, name, uid, resourceVersion };
      status.active = [...(status.active ?? []), reference];
    }
    status.lastScheduleTime = timeText(at);
  }
}

/** The CronJob's name and the scheduled minute: making it twice is impossible. */
function jobName(cronJob: CronJob, at: number): string {
  return `${cronJob.metadata.name}-${Math.floor(at / 60_000)}`;
}

function draftJob(cronJob: CronJob, name: string, at: number): Draft<Job> {
  const { jobTemplate, timeZone } = cronJob.spec ?? { jobTemplate: undefined };
  const { labels, annotations } = jobTemplate?.metadata ?? {};
  return {
    metadata: {
      name,
      namespace: cronJob.metadata.namespace,
      labels: { ...labels },
      annotations: { ...annotations, [scheduledAnnotation]: zonedText(at, timeZone) },
      ownerReferences: [newControllerRef(cronjobs, cronJob)],
    },
    spec: deepCopy(jobTemplate?.spec ?? { template: {} }),
  };
}

/** RFC 3339 with the zone's offset; `Z` in UTC. */
function zonedText(at: number, timeZone = "UTC"): string {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const zone = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const match = /^GMT([+-])(\d\d):(\d\d)$/.exec(zone);
  if (match === null) return timeText(at);
  const [, sign, hours, minutes] = match;
  if (hours === "00" && minutes === "00") return timeText(at);
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  return timeText(at + offsetMs).replace("Z", `${sign}${hours}:${minutes}`);
}
