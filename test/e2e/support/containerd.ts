/** A containerd of a test's own, as a node has one. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeNodeState, removePods } from "../../../agent/cleanup.ts";
import { type PodNetwork, writeCniConfig } from "../../../agent/network/cni.ts";
import { claimPodNetwork } from "../../../agent/network/machine.ts";
import { prepareContainerd, sandboxImage } from "../../../agent/runtime/containerd/prepare.ts";
import { type CriClient, createCriClient } from "../../../agent/runtime/cri/client.ts";
import { ensureSandboxImage, importImage } from "../../../agent/runtime/image/import.ts";
import type { OciImage } from "../../../agent/runtime/image/oci-image.ts";

/** It runs, with a network and the sandbox image. */
export interface TestContainerd {
  readonly dataDir: string;
  readonly socket: string;
  readonly runtime: CriClient;
  readonly network: PodNetwork;
  importImage(image: OciImage, name: string): Promise<void>;
  /** Ends the process as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after kill. */
  start(): Promise<void>;
  /** Removes all pods, ends it, and removes everything it had. */
  stop(): Promise<void>;
}

const startMs = 15_000;

/** Starts it in a folder of its own. */
export async function startContainerd(): Promise<TestContainerd> {
  const dataDir = mkdtempSync(join(tmpdir(), "coracle-node-"));
  const network = await claimPodNetwork(dataDir);
  const { layout, command, args } = prepareContainerd(dataDir);
  mkdirSync(layout.folder, { recursive: true });
  writeCniConfig(network, layout.cniConf, join(layout.folder, "addresses"));
  const runtime = createCriClient(layout.socket);
  const logFile = join(dataDir, "containerd.log");
  let ended: Promise<unknown> = Promise.resolve();
  let end: (signal: NodeJS.Signals) => void = () => {};
  const start = async () => {
    const log = openSync(logFile, "a");
    const child = spawn(command, args, { stdio: ["ignore", log, log] });
    ended = new Promise((resolve) => child.once("exit", resolve));
    end = (signal) => child.kill(signal);
    await untilReady(runtime, logFile);
    await ensureSandboxImage(runtime, layout.socket, sandboxImage);
  };
  await start();
  return {
    dataDir,
    socket: layout.socket,
    runtime,
    network,
    importImage: (image, name) => importImage(layout.socket, image, name),
    kill: async () => {
      end("SIGKILL");
      await ended;
    },
    start,
    stop: async () => {
      await removePods(dataDir);
      runtime.close();
      end("SIGTERM");
      await ended;
      await removeNodeState(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function untilReady(runtime: CriClient, logFile: string): Promise<void> {
  const deadline = Date.now() + startMs;
  for (;;) {
    const conditions = await runtime.status().catch(() => []);
    if (conditions.length > 0 && conditions.every(({ status }) => status)) return;
    if (Date.now() > deadline)
      throw new Error(`containerd is not ready: ${readFileSync(logFile, "utf8").slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
