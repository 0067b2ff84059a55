/** Removes what tests that were broken off have left on this machine: processes, pods, rules, folders. */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { removeNodeState, removePods } from "../../agent/cleanup.ts";
import { endProcesses, processesWith } from "./processes.ts";

const agentFile = join(import.meta.dirname, "../../agent/main.ts");

/** Where a test's node keeps its data: in a deployment's folder, so that it is found if the test does not remove it. */
export const nodeFolderPrefix = "node-";

/**
 * Everything that was started with this deployment's file in its environment is ended, and its nodes' pods are removed.
 * Rejects where something does not go.
 */
export async function sweep(deploymentFile: string): Promise<void> {
  const started = () => processesWith(`CORACLE_DEPLOYMENT=${deploymentFile}`);
  await endProcesses(() => started().filter(({ name }) => !name.startsWith("containerd")));
  const folder = dirname(deploymentFile);
  for (const dataDir of globSync(`${nodeFolderPrefix}*`, { cwd: folder }).map((name) => join(folder, name))) {
    console.log(`a test has left its node in ${dataDir}: it is removed`);
    const own = () => started().filter(({ name, args }) => name === "containerd" && args.some(isBelow(dataDir)));
    if (own().length === 0) {
      const env = { ...process.env, CORACLE_DEPLOYMENT: deploymentFile };
      spawn(process.execPath, [agentFile, "containerd", dataDir], { env, stdio: "ignore" });
    }
    await removePods(dataDir);
    await endProcesses(own);
    await removeNodeState(dataDir);
  }
  await endProcesses(started);
}

const isBelow = (folder: string) => (arg: string) => arg.startsWith(`${folder}/`);
