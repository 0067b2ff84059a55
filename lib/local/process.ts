/** Looks at and ends processes known by pid files. Pids wrap: nothing is ended before its command line was checked. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Clock } from "../apimachinery/clock.ts";

/** A process as a pid file names it. */
export interface ProcessRecord {
  readonly pid: number;
  /** When it started, in clock ticks since boot: a later process with the same pid has another. */
  readonly startTicks: string;
}

/** The command line of a living process, arguments joined with spaces; undefined where there is none. */
export function commandLine(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return text === "" ? undefined : text.replace(/\0$/, "").replaceAll("\0", " ");
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The record of a living process; undefined where it is gone. */
export function recordOf(pid: number): ProcessRecord | undefined {
  const ticks = startTicks(pid);
  return ticks === undefined ? undefined : { pid, startTicks: ticks };
}

/** Whether the very process of the record lives. */
export function isAlive(record: ProcessRecord): boolean {
  return startTicks(record.pid) === record.startTicks;
}

/** Writes a pid file. */
export function writePidFile(file: string, record: ProcessRecord): void {
  writeFileSync(file, `${record.pid} ${record.startTicks}\n`, { mode: 0o600 });
}

/**
 * The living process that a pid file names, if its command line holds `marker`. A stale or torn file is removed and
 * counts as none.
 */
export function readPidFile(file: string, marker: string): ProcessRecord | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const match = /^(\d+) (\d+)\n$/.exec(text);
  const record = match ? { pid: Number(match[1]), startTicks: match[2] } : undefined;
  if (record && isAlive(record) && commandLine(record.pid)?.includes(marker)) return record;
  rmSync(file, { force: true });
  return undefined;
}

/** Sends SIGTERM, and SIGKILL to what has not gone after `graceMs`. Resolves when it is gone. */
export async function endProcess(record: ProcessRecord, graceMs: number, clock: Clock): Promise<void> {
  signal(record, "SIGTERM");
  const deadline = clock.now() + graceMs;
  while (isAlive(record)) {
    if (clock.now() > deadline) signal(record, "SIGKILL");
    await clock.sleep(20);
  }
}

function signal(record: ProcessRecord, name: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, name);
  } catch (error) {
    // Gone between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
