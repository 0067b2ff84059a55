/** `coracle down`: removes everything that `up` has made. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeNodeState, removePods } from "../../agent/cleanup.ts";
import { prepareContainerd } from "../../agent/runtime/containerd/prepare.ts";
import { systemClock } from "../apimachinery/clock.ts";
import { Daemon } from "./daemon.ts";
import { type DataFolder, dataFolder, isDataFolder } from "./data-folder.ts";
import { socketAnswers } from "./node.ts";
import { endProcess, readPidFile } from "./process.ts";
import { UserError } from "./user-error.ts";

const graceMs = 10_000;

/** Ends the processes, removes the pods, then the folder. Throws UserError where the folder is none of ours. */
export async function down(path: string, say: (line: string) => void): Promise<void> {
  const folder = dataFolder(path);
  if (!existsSync(folder.path)) {
    say(`nothing to remove: ${folder.path} does not exist`);
    return;
  }
  if (!isDataFolder(path)) {
    throw new UserError(`${folder.path} is no data folder of coracle up`, "name the right one: --data-dir DIR");
  }
  await endProcesses(folder, say);
  if (existsSync(join(folder.node, "containerd", "config.toml"))) await removeNode(folder, say);
  rmSync(folder.path, { recursive: true, force: true });
  say(`removed ${folder.path}`);
}

async function endProcesses(folder: DataFolder, say: (line: string) => void): Promise<void> {
  const processes: [name: string, marker: string][] = [
    ["up", "coracle"],
    ["agent", `--data-dir ${folder.node}`],
    ["simulated-nodes", join(folder.kubeconfigs, "simulated-nodes")],
  ];
  for (const [name, marker] of processes) {
    const record = readPidFile(join(folder.run, `${name}.pid`), marker);
    if (!record) continue;
    await endProcess(record, graceMs, systemClock);
    say(`ended ${name}`);
  }
}

/** Pods outlive containerd, so it is started once more to remove them. */
async function removeNode(folder: DataFolder, say: (line: string) => void): Promise<void> {
  const { command, args, marker, layout } = prepareContainerd(folder.node);
  const containerd = new Daemon({
    name: "containerd",
    folder: folder.run,
    command,
    args,
    marker,
    leftover: "adopt",
    graceMs,
    clock: systemClock,
    log: say,
  });
  await containerd.start();
  await socketAnswers(layout.socket, systemClock, join(folder.run, "containerd.log"));
  say(`removed ${await removePods(folder.node)} pods`);
  await containerd.stop();
  await removeNodeState(folder.node);
  say("removed the node's network and state");
}
