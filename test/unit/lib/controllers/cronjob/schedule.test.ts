import { describe, expect, it } from "vitest";
import { mostRecentDue, nextDueMs, parseSchedule } from "../../../../../lib/controllers/cronjob/schedule.ts";
import type { CronJob } from "../../../../../lib/openapi/types/batch-v1.ts";

const at = (text: string) => Date.parse(text);
const text = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString().slice(0, 16));

describe("parseSchedule", () => {
  const cases: { name: string; schedule: string; zone?: string; after: string; want: string }[] = [
    { name: "every five minutes", schedule: "*/5 * * * *", after: "2026-01-01T00:02:00Z", want: "2026-01-01T00:05" },
    {
      name: "never the same time again",
      schedule: "0 * * * *",
      after: "2026-01-01T01:00:00Z",
      want: "2026-01-01T02:00",
    },
    { name: "a descriptor", schedule: "@daily", after: "2026-01-01T00:02:00Z", want: "2026-01-02T00:00" },
    { name: "a duration", schedule: "@every 1h30m", after: "2026-01-01T00:02:00Z", want: "2026-01-01T01:32" },
    { name: "either of two days", schedule: "0 0 13 * FRI", after: "2026-01-01T00:00:00Z", want: "2026-01-02T00:00" },
    {
      name: "a stepped star and a day: both",
      schedule: "0 0 */2 * MON",
      after: "2026-01-05T01:00:00Z",
      want: "2026-01-19T00:00",
    },
    { name: "a question mark", schedule: "0 0 ? * MON", after: "2026-01-01T00:00:00Z", want: "2026-01-05T00:00" },
    {
      name: "another zone",
      schedule: "30 6 * * *",
      zone: "Asia/Tokyo",
      after: "2026-01-01T00:00:00Z",
      want: "2026-01-01T21:30",
    },
  ];
  for (const { name, schedule, zone, after, want } of cases) {
    it(name, () => expect(text(parseSchedule(schedule, zone).next(at(after)))).toBe(want));
  }

  it("says what is wrong", () => {
    expect(() => parseSchedule("@every soon", undefined)).toThrow("failed to parse duration soon");
    expect(() => parseSchedule("61 * * * *", undefined)).toThrow();
  });
});

describe("what is due", () => {
  const hourly = parseSchedule("0 * * * *", undefined);
  function cronJob(created: string, last?: string, deadline?: number): CronJob {
    return {
      metadata: { name: "c", namespace: "d", uid: "u", resourceVersion: "1", creationTimestamp: created },
      spec: {
        schedule: "",
        jobTemplate: {},
        ...(deadline === undefined ? {} : { startingDeadlineSeconds: deadline }),
      },
      status: last === undefined ? {} : { lastScheduleTime: last },
    };
  }

  const cases: { name: string; job: CronJob; now: string; want: [string | undefined, string] }[] = [
    {
      name: "nothing yet",
      job: cronJob("2026-01-01T00:10:00Z"),
      now: "2026-01-01T00:50:00Z",
      want: [undefined, "none"],
    },
    {
      name: "the first time",
      job: cronJob("2026-01-01T00:10:00Z"),
      now: "2026-01-01T01:00:05Z",
      want: ["2026-01-01T01:00", "none"],
    },
    {
      name: "nothing, when it has been served",
      job: cronJob("2026-01-01T00:10:00Z", "2026-01-01T01:00:00Z"),
      now: "2026-01-01T01:30:00Z",
      want: [undefined, "none"],
    },
    {
      name: "the last of several missed",
      job: cronJob("2026-01-01T00:10:00Z"),
      now: "2026-01-01T05:30:00Z",
      want: ["2026-01-01T05:00", "few"],
    },
    {
      name: "the last of very many missed",
      job: cronJob("2025-01-01T00:10:00Z"),
      now: "2026-01-01T05:30:00Z",
      want: ["2026-01-01T05:00", "many"],
    },
    {
      name: "nothing, when the deadline has passed",
      job: cronJob("2026-01-01T00:10:00Z", undefined, 60),
      now: "2026-01-01T05:30:00Z",
      want: [undefined, "none"],
    },
  ];
  for (const { name, job, now, want } of cases) {
    it(name, () => {
      const due = mostRecentDue(job, hourly, at(now), true);
      expect([text(due.at), due.missed]).toEqual(want);
    });
  }

  it("looks again at the next time", () => {
    const job = cronJob("2026-01-01T00:10:00Z", "2026-01-01T01:00:00Z");
    expect(nextDueMs(job, hourly, at("2026-01-01T01:59:00Z"))).toBe(60_100);
  });
});
