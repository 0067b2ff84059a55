/** The processes that a test's own cluster has started, by its pid files. */
import { join } from "node:path";
import { type ProcessRecord, readPidFile } from "../../../lib/local/process.ts";

/** What `coracle up` keeps pid files of. */
export type ClusterProcess = "up" | "agent" | "containerd" | "simulated-nodes";

/** The living process; undefined where there is none. */
export function processOf(dataDir: string, name: ClusterProcess): ProcessRecord | undefined {
  return readPidFile(join(dataDir, "run", `${name}.pid`), "");
}

/** Sends a signal to one of them. Throws an Error where it does not live. */
export function signalProcess(dataDir: string, name: ClusterProcess, signal: NodeJS.Signals): ProcessRecord {
  const record = processOf(dataDir, name);
  if (!record) throw new Error(`${name} of ${dataDir} does not run`);
  process.kill(record.pid, signal);
  return record;
}
