/** Processes of the harness: those that it waits for, and those that are found by what they were started with. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const patienceMs = 10_000;
const lookMs = 100;

/** A process of this machine. */
export interface FoundProcess {
  readonly pid: number;
  /** Its name as the kernel has it: 15 letters. */
  readonly name: string;
  readonly args: readonly string[];
}

/** The processes that were started with a variable, `NAME=value`, in their environment. This one is not among them. */
export function processesWith(variable: string): FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
      if (!read("environ").split("\0").includes(variable)) continue;
      found.push({ pid, name: read("comm").trim(), args: read("cmdline").split("\0") });
    } catch {
      // It has ended meanwhile, or is somebody else's.
    }
  }
  return found;
}

/** Ends what `find` finds, first by asking; resolves once it finds nothing. Throws where that does not help. */
export async function endProcesses(find: () => readonly FoundProcess[]): Promise<void> {
  const started = performance.now();
  for (let round = 0; ; round++) {
    const left = find();
    if (left.length === 0) return;
    const waitedMs = performance.now() - started;
    if (waitedMs > 2 * patienceMs) throw new Error(`they do not end: ${left.map(({ args }) => args.join(" "))}`);
    const signal = waitedMs > patienceMs ? "SIGKILL" : "SIGTERM";
    if (round === 0 || signal === "SIGKILL") for (const { pid } of left) send(pid, signal);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** Sends a signal; false: there is no such process. */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Waits for a child's end and gives its status. Where the signal aborts it is asked to end. Rejects if it can't start. */
export async function exitStatus(child: ChildProcess, signal?: AbortSignal): Promise<number> {
  const ask = () => void child.kill("SIGTERM");
  signal?.addEventListener("abort", ask);
  if (signal?.aborted) ask();
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? 1));
    });
  } finally {
    signal?.removeEventListener("abort", ask);
  }
}
