import { afterEach, describe, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import { createCronJobController } from "../../../../../lib/controllers/cronjob/cronjob.ts";
import type { CronJobSpec, Job } from "../../../../../lib/openapi/types/batch-v1.ts";
import { cronjobs, jobs } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

/** The clock begins at 2026-01-01T00:00:00Z. */
async function start(spec: Partial<CronJobSpec> = {}): Promise<Harness> {
  harness = startHarness([{ name: "cronjob-controller", create: createCronJobController }]);
  await harness.api.create(cronjobs, {
    metadata: { name: "tick", namespace: "default" },
    spec: {
      schedule: "* * * * *",
      concurrencyPolicy: "Allow",
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: { metadata: { labels: { a: "b" } }, spec: { template: {} } },
      ...spec,
    },
  });
  await harness.settle();
  return harness;
}

const names = () => harness.api.all(jobs).map(({ metadata }) => metadata.name);
const status = () => harness.api.all(cronjobs)[0].status;
const minutes = (count: number) => harness.clock.advance(count * 60_000);

function finish(job: Job, type = "Complete"): void {
  const lastTransitionTime = timeText(harness.clock.now());
  const done = type === "Complete" ? { completionTime: lastTransitionTime } : {};
  harness.api.put(jobs, { ...job, status: { ...done, conditions: [{ type, status: "True", lastTransitionTime }] } });
}

describe("cronjob controller", () => {
  it("makes a Job each time it is due, named after the minute", async () => {
    const { api, events } = await start();
    expect(names()).toEqual([]);
    await minutes(2.1);
    const minute = Date.parse("2026-01-01T00:01:00Z") / 60_000;
    expect(names()).toEqual([`tick-${minute}`, `tick-${minute + 1}`]);
    expect(api.all(jobs)[0].metadata).toMatchObject({
      labels: { a: "b" },
      annotations: { "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T00:01:00Z" },
      ownerReferences: [{ kind: "CronJob", name: "tick", controller: true }],
    });
    expect(status()).toMatchObject({ lastScheduleTime: "2026-01-01T00:02:00Z" });
    expect(status()?.active?.map(({ name }) => name)).toEqual(names());
    expect(events()).toContain(`SuccessfulCreate: Created job tick-${minute}`);
  });

  it("notes what has ended, and keeps only some of it", async () => {
    const { api, events, settle } = await start();
    for (let minute = 0; minute < 6; minute++) {
      await minutes(1);
      await settle();
      const last = api.all(jobs).at(-1);
      if (last !== undefined) finish(last, minute === 2 || minute === 3 ? "Failed" : "Complete");
      await settle();
    }
    await settle();
    const ended = (type: string) => api.all(jobs).filter((job) => job.status?.conditions?.[0]?.type === type).length;
    expect([ended("Complete"), ended("Failed")]).toEqual([3, 1]);
    expect(status()?.active ?? []).toEqual([]);
    expect(status()?.lastSuccessfulTime).toMatch(/^2026-01-01T00:06/);
    expect(events().filter((event) => event.startsWith("SawCompletedJob"))).toHaveLength(6);
  });

  it("does not start another while one runs, where that is forbidden", async () => {
    const { api, events } = await start({ concurrencyPolicy: "Forbid" });
    await minutes(3.1);
    expect(names()).toHaveLength(1);
    expect(events().some((event) => event.startsWith("JobAlreadyActive"))).toBe(true);
    finish(api.all(jobs)[0]);
    await minutes(1);
    expect(names()).toHaveLength(2);
  });

  it("replaces the one that runs, where that is asked for", async () => {
    await start({ concurrencyPolicy: "Replace" });
    await minutes(3.1);
    expect(names()).toEqual([`tick-${Date.parse("2026-01-01T00:03:00Z") / 60_000}`]);
    expect(status()?.active).toHaveLength(1);
  });

  it("does nothing while it is suspended, and one Job for all that was missed after", async () => {
    const { api } = await start({ suspend: true });
    await minutes(5);
    expect(names()).toEqual([]);
    const current = await api.get(cronjobs, { namespace: "default", name: "tick" });
    await api.update(cronjobs, { ...current, spec: { ...(current.spec as CronJobSpec), suspend: false } });
    await harness.settle();
    expect(names()).toEqual([`tick-${Date.parse("2026-01-01T00:05:00Z") / 60_000}`]);
  });

  it("forgets active Jobs that somebody has deleted", async () => {
    const { api, events } = await start();
    await minutes(1.1);
    await api.delete(jobs, api.all(jobs)[0].metadata);
    await harness.settle();
    expect(status()?.active ?? []).toEqual([]);
    expect(events().some((event) => event.startsWith("MissingJob"))).toBe(true);
  });

  it("says what is wrong with its schedule", async () => {
    const { events } = await start({ timeZone: "Moon/Crater" });
    expect(events()[0]).toBe('UnknownTimeZone: invalid timeZone: "Moon/Crater": unknown time zone Moon/Crater');
  });

  it("makes each Job once though its status is lost", async () => {
    const { api } = await start();
    api.afterWrite = (verb, resource) => {
      if (verb === "create" && resource.resource === "jobs") throw new Error("the answer was lost");
    };
    await minutes(1.05);
    expect(names()).toHaveLength(1);
    expect(status()?.active).toHaveLength(1);
  });
});
