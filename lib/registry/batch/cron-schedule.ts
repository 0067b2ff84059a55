/** The syntax of cron schedules, with the problems in the words of the library that upstream uses (robfig/cron). */

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const descriptors = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/** A problem, thrown from within and caught by cronProblem. */
class CronError extends Error {}

function integer(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CronError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const value = Number(text);
  if (value < 0) throw new CronError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function integerOrName(text: string, { names, min }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + min : integer(text);
}

function checkRange(text: string, bounds: Bounds): void {
  const [range, stepText, ...slashes] = text.split("/");
  const [low, high, ...hyphens] = range.split("-");
  let [start, end] = [bounds.min, bounds.max];
  if (low !== "*" && low !== "?") {
    start = integerOrName(low, bounds);
    if (hyphens.length > 0) throw new CronError(`too many hyphens: ${text}`);
    end = high === undefined ? start : integerOrName(high, bounds);
  }
  if (slashes.length > 0) throw new CronError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : integer(stepText);
  if (stepText !== undefined && high === undefined) end = bounds.max;
  if (start < bounds.min) {
    throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  }
  if (end > bounds.max) throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
}

/** Go's durations: `1h30m`, `500ms`. */
const isDuration = (text: string) => /^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(text);

function checkDescriptor(text: string): void {
  if (descriptors.includes(text)) return;
  if (!text.startsWith("@every ")) throw new CronError(`unrecognized descriptor: ${text}`);
  const duration = text.slice("@every ".length);
  if (isDuration(duration)) return;
  throw new CronError(`failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`);
}

function withoutZone(schedule: string): string {
  if (!schedule.startsWith("TZ=") && !schedule.startsWith("CRON_TZ=")) return schedule;
  const space = schedule.indexOf(" ");
  if (space < 0) throw new CronError("invalid schedule format: runtime error: slice bounds out of range [:-1]");
  const zone = schedule.slice(schedule.indexOf("=") + 1, space);
  const problem = zoneProblem(zone);
  if (problem) throw new CronError(`provided bad location ${zone}: ${problem}`);
  return schedule.slice(space).trim();
}

/** Why a text is no time zone of the IANA database; undefined: it is one. */
export function zoneProblem(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    // Offsets such as +01:00 are understood there, but are no names.
    return /^[+-]/.test(zone) ? `unknown time zone ${zone}` : undefined;
  } catch {
    return zone === "" ? undefined : `unknown time zone ${zone}`;
  }
}

/** Why a text is no schedule; undefined: it is one. */
export function cronProblem(schedule: string): string | undefined {
  try {
    if (schedule === "") throw new CronError("empty spec string");
    const text = withoutZone(schedule);
    if (text.startsWith("@")) checkDescriptor(text);
    else {
      const parts = text.split(/\s+/).filter((part) => part !== "");
      if (parts.length !== 5) {
        throw new CronError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`);
      }
      for (const [index, part] of parts.entries()) {
        for (const range of part.split(",").filter((item) => item !== "")) checkRange(range, fields[index]);
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}
