/** Removes what a node has left on its machine: pods, rules, the bridge, mounts. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { type Clock, systemClock } from "../lib/apimachinery/clock.ts";
import { podNetwork } from "./network/cni.ts";
import { removeBridge } from "./network/machine.ts";
import { cgroupOf, removeCgroup } from "./pods/cgroup.ts";
import { removeTable } from "./proxy/nft.ts";
import { nodeLayout } from "./runtime/containerd/prepare.ts";
import { type CriClient, createCriClient } from "./runtime/cri/client.ts";
import type { PodSandbox } from "./runtime/cri/messages.ts";

const run = promisify(execFile);

const startMs = 15_000;
const retryMs = 50;

/** A runtime that has just been started listens before it can answer. Rejects with its last word after a while. */
async function sandboxesOnceReady(client: CriClient, clock: Clock): Promise<readonly PodSandbox[]> {
  const deadline = clock.now() + startMs;
  for (;;) {
    try {
      return await client.listPodSandboxes();
    } catch (error) {
      if (clock.now() > deadline) throw error;
    }
    await clock.sleep(retryMs);
  }
}

/** Stops and removes all pods through the node's containerd, which must have been started. Gives how many there were. */
export async function removePods(dataDir: string, clock: Clock = systemClock): Promise<number> {
  const client = createCriClient(nodeLayout(dataDir).socket);
  try {
    const sandboxes = await sandboxesOnceReady(client, clock);
    for (const { id } of sandboxes) {
      await client.stopPodSandbox(id);
      await client.removePodSandbox(id);
    }
    return sandboxes.length;
  } finally {
    client.close();
  }
}

/** Mount points below a folder, the deepest first. */
function mountsBelow(folder: string): string[] {
  const points = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => (line.split(" ")[1] ?? "").replaceAll("\\040", " "));
  return points.filter((point) => point.startsWith(`${folder}/`)).sort((a, b) => b.length - a.length);
}

/** Removes rules, bridge, control groups, mounts and state. Containerd must have ended, and its pods must be gone. */
export async function removeNodeState(dataDir: string): Promise<void> {
  const folder = resolve(dataDir);
  // The range does not matter: bridge and table are named by the folder.
  const { bridge } = podNetwork("10.244.0.0/24", folder);
  await removeTable(bridge.replaceAll("-", "_"));
  await removeBridge(bridge);
  await removeCgroup(cgroupOf(bridge));
  const runFolder = dirname(nodeLayout(folder).socket);
  for (const point of [...mountsBelow(folder), ...mountsBelow(runFolder)]) await run("umount", ["--lazy", point]);
  await rm(runFolder, { recursive: true, force: true });
}
