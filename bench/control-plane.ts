/** Starts `coracle up` for a benchmark and ends it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A running control plane. */
export interface ControlPlane {
  readonly kubeconfig: string;
  /** From the start of the process to the ready line. */
  readonly readyMs: number;
  /** Resident memory of the process, and the most it has had. */
  memoryMb(): number;
  peakMemoryMb(): number;
  stop(): Promise<void>;
}

/** A new data folder, removed by the function beside it. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "coracle-bench-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Starts `coracle up --data-dir FOLDER ARGS` on a free port and waits for its ready line; `nodeFlags` are Node.js's own. */
export async function startControlPlane(
  folder: string,
  args: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<ControlPlane> {
  const cli = join(import.meta.dirname, "../bin/coracle.ts");
  const start = performance.now();
  const child = spawn(process.execPath, [...nodeFlags, cli, "up", "--data-dir", folder, "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kubeconfig = await readyLine(child);
  const readyMs = performance.now() - start;
  return {
    kubeconfig,
    readyMs,
    memoryMb: () => memory(child, "VmRSS"),
    peakMemoryMb: () => memory(child, "VmHWM"),
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

function memory({ pid }: ChildProcess, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024;
}

async function readyLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no output to read");
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^ready https:\/\/\S+ kubeconfig=(.+)$/.exec(line);
    if (match) return match[1];
  }
  throw new Error("coracle up ended before it was ready; what it said is above");
}
