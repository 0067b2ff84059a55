/** Runs simulated nodes: one process whose pods exist in state alone. */
import { join } from "node:path";
import { systemClock } from "../apimachinery/clock.ts";
import { Daemon } from "./daemon.ts";
import type { DataFolder } from "./data-folder.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import type { Pki } from "./pki.ts";

/** What they are started with. */
export interface SimulatedNodesOptions {
  readonly folder: DataFolder;
  readonly pki: Pki;
  readonly count: number;
  readonly server: string;
  readonly log: (line: string) => void;
}

const graceMs = 2_000;

/** Starts the process; nodes left by an earlier `up` are replaced. */
export async function startSimulatedNodes(options: SimulatedNodesOptions): Promise<{ stop(): Promise<void> }> {
  const { folder, pki, count, server, log } = options;
  // It acts as many nodes at once, which no node's own certificate may.
  const subject = { commonName: "simulated-nodes", organizations: ["system:masters"] };
  const kubeconfig = join(folder.kubeconfigs, "simulated-nodes");
  const credential = pki.client("simulated-nodes", subject);
  writeKubeconfig(kubeconfig, { server, ca: pki.ca, user: subject.commonName, credential });
  const entry = join(import.meta.dirname, "../../agent/simulated/main.ts");
  const daemon = new Daemon({
    name: "simulated-nodes",
    folder: folder.run,
    command: process.execPath,
    args: [entry, "--kubeconfig", kubeconfig, "--nodes", String(count)],
    marker: kubeconfig,
    leftover: "replace",
    graceMs,
    clock: systemClock,
    log,
  });
  await daemon.start();
  return { stop: () => daemon.stop() };
}
