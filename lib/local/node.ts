/** Runs this machine's node: its containerd and its agent, detached, so that either outlives `up`. */
import { createConnection } from "node:net";
import { join } from "node:path";
import { prepareContainerd } from "../../agent/runtime/containerd/prepare.ts";
import type { Clock } from "../apimachinery/clock.ts";
import { Daemon } from "./daemon.ts";
import type { DataFolder } from "./data-folder.ts";
import { UserError } from "./user-error.ts";

/** What the node is started with. Files are paths. */
export interface LocalNodeOptions {
  readonly folder: DataFolder;
  readonly name: string;
  readonly kubeconfig: string;
  readonly clientCa: string;
  readonly clusterDns: string;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

const containerdGraceMs = 5_000;
const agentGraceMs = 5_000;
const socketWaitMs = 15_000;

/** A running node. */
export interface LocalNode {
  /** Ends agent and containerd; pods stay. */
  stop(): Promise<void>;
}

/** Starts or adopts containerd, then replaces the agent. Throws UserError where it cannot. */
export async function startLocalNode(options: LocalNodeOptions): Promise<LocalNode> {
  const { folder, name, clock, log } = options;
  const prepared = prepare(folder.node);
  const common = { folder: folder.run, clock, log };
  const containerd = new Daemon({
    ...common,
    name: "containerd",
    command: prepared.command,
    args: prepared.args,
    marker: prepared.marker,
    leftover: "adopt",
    graceMs: containerdGraceMs,
  });
  await containerd.start();
  await socketAnswers(prepared.layout.socket, clock, join(folder.run, "containerd.log"));
  const entry = join(import.meta.dirname, "../../agent/main.ts");
  const flags = {
    "--kubeconfig": options.kubeconfig,
    "--node-name": name,
    "--data-dir": folder.node,
    "--cluster-dns": options.clusterDns,
    "--client-ca": options.clientCa,
  };
  const agent = new Daemon({
    ...common,
    name: "agent",
    command: process.execPath,
    args: [entry, ...Object.entries(flags).flat()],
    marker: `--data-dir ${folder.node}`,
    leftover: "replace",
    graceMs: agentGraceMs,
  });
  await agent.start();
  return {
    async stop() {
      await agent.stop();
      await containerd.stop();
    },
  };
}

function prepare(dataDir: string): ReturnType<typeof prepareContainerd> {
  try {
    return prepareContainerd(dataDir);
  } catch (error) {
    throw new UserError(
      (error as Error).message,
      "install what is missing with: coracle node setup, or start with --no-node",
    );
  }
}

/** Resolves when somebody listens on the socket. Throws UserError that names the log where nobody does for long. */
export async function socketAnswers(socket: string, clock: Clock, log: string): Promise<void> {
  const deadline = clock.now() + socketWaitMs;
  while (!(await connects(socket))) {
    if (clock.now() > deadline) {
      throw new UserError(`containerd does not answer on ${socket}`, `its log tells why: ${log}`);
    }
    await clock.sleep(30);
  }
}

function connects(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => resolve(false));
  });
}
