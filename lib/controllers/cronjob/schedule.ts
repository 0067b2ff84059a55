/**
 * When a CronJob is due (upstream: robfig/cron, and controller/cronjob/utils.go). Times are milliseconds since the
 * epoch.
 */
import { Cron } from "croner";
import type { CronJob } from "../../openapi/types/batch-v1.ts";

/** A schedule that has been read. */
export interface Schedule {
  /** The first time after another one. */
  next(after: number): number | undefined;
}

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads a schedule: five fields, `@hourly` and the like, or `@every 1h30m`. Throws an Error that says what is wrong.
 */
export function parseSchedule(text: string, timeZone: string | undefined): Schedule {
  if (text.startsWith("@every ")) {
    const everyMs = Math.max(1000, Math.floor(parseDuration(text.slice("@every ".length)) / 1000) * 1000);
    return { next: (after) => Math.floor(after / 1000) * 1000 + everyMs };
  }
  // A question mark is a star here; to the library it is the time at which the program started.
  const pattern = text.trim().replaceAll("?", "*");
  const [, , dayOfMonth = "", , dayOfWeek = ""] = pattern.split(/\s+/);
  const cron = new Cron(pattern, {
    timezone: timeZone ?? "UTC",
    paused: true,
    // Two restricted days: either will do. A star, also one with a step, restricts together with the other.
    domAndDow: dayOfMonth.startsWith("*") || dayOfWeek.startsWith("*"),
    ...(pattern.startsWith("@") ? {} : { mode: "5-part" as const }),
  });
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() };
}

function parseDuration(text: string): number {
  const parts = [...text.matchAll(/([0-9.]+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw new Error(`failed to parse duration ${text}`);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit], 0);
}

/** The last time that is due and was not served, and how many times were missed before it. */
export interface Due {
  readonly at?: number;
  readonly missed: "none" | "few" | "many";
  /** From where it was counted. */
  readonly since: number;
}

/** What is due at `now`; `withDeadline` forgets what startingDeadlineSeconds rule out. */
export function mostRecentDue(cronJob: CronJob, schedule: Schedule, now: number, withDeadline: boolean): Due {
  const { startingDeadlineSeconds } = cronJob.spec ?? {};
  let since = Date.parse(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp);
  if (withDeadline && startingDeadlineSeconds !== undefined)
    since = Math.max(since, now - startingDeadlineSeconds * 1000);
  const first = schedule.next(since);
  if (first === undefined || now < first) return { missed: "none", since };
  const second = schedule.next(first);
  if (second === undefined || now < second) return { at: first, missed: "none", since };
  // Not walked through one by one: there may be millions.
  const count = Math.floor((now - first) / (second - first)) + 1;
  let at: number | undefined;
  const start = first + (count - 2) * (second - first);
  for (let time = schedule.next(start); time !== undefined && time <= now; time = schedule.next(time)) at = time;
  return { ...(at === undefined ? {} : { at }), missed: count > 100 ? "many" : "few", since };
}

/** The ms until the next time, and a little more, so that it is then certainly past. */
export function nextDueMs(cronJob: CronJob, schedule: Schedule, now: number): number | undefined {
  const { at, missed, since } = mostRecentDue(cronJob, schedule, now, false);
  const next = schedule.next(at ?? (missed === "none" ? since : now));
  return next === undefined ? undefined : Math.max(0, next - now) + 100;
}
