/** This machine as a node of the deployed cluster: containerd and the agent, as a worker's units start them. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { removeNodeState, removePods } from "../../../agent/cleanup.ts";
import { nodeLayout } from "../../../agent/runtime/containerd/prepare.ts";
import { createCriClient } from "../../../agent/runtime/cri/client.ts";
import { importImage } from "../../../agent/runtime/image/import.ts";
import type { OciImage } from "../../../agent/runtime/image/oci-image.ts";
import { nodeReportKey } from "../../../lib/nodes/sender.ts";
import { until } from "../../e2e/support/cluster.ts";
import type { Principal } from "../../support/sts.ts";
import { nodeFolderPrefix } from "../sweep.ts";
import type { CloudCluster } from "./cloud-cluster.ts";

const agentFile = join(import.meta.dirname, "../../../agent/main.ts");

/** It runs. */
export interface CloudNode {
  readonly name: string;
  readonly dataDir: string;
  importImage(image: OciImage, name: string): Promise<void>;
  /** `namespace/name` of the pods that have a sandbox in containerd, which they keep as long as a container. */
  runningPods(): Promise<string[]>;
  /** What the agent has said so far. */
  log(): string;
  /** Sends the agent a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Ends the agent, and resolves once it has ended. */
  endAgent(signal: NodeJS.Signals): Promise<void>;
  /** Starts the agent again. */
  startAgent(): void;
  /** Ends agent, pods and containerd, and removes what they had. */
  remove(): Promise<void>;
}

/**
 * Starts containerd and the agent with the credentials of a machine, whose name in AWS is its session's. What a test
 * does not remove, the harness does (sweep.ts).
 */
export async function startNode(
  cluster: CloudCluster,
  machine: Principal,
  { sqsEndpoint = cluster.deployment.endpoint } = {},
): Promise<CloudNode> {
  const name = machine.arn.split("/").at(-1) ?? "";
  const dataDir = mkdtempSync(join(dirname(process.env.CORACLE_DEPLOYMENT ?? ""), nodeFolderPrefix));
  const { url, deployment, environmentOf } = cluster;
  const env = {
    ...environmentOf(machine),
    NODE_EXTRA_CA_CERTS: deployment.caFile,
    CORACLE_REPORT_KEY: nodeReportKey(deployment.reportKey, name),
  };
  const logFile = join(dataDir, "agent.log");
  const run = (file: string, args: readonly string[]) => {
    const log = openSync(file, "a");
    // In a group of its own: Ctrl-C must leave containerd to remove the pods.
    return spawn(process.execPath, [agentFile, ...args], { env, stdio: ["ignore", log, log], detached: true });
  };
  const flags = [
    ...["--node-name", name, "--data-dir", dataDir, "--transport", "sqs", "--region", "us-east-1"],
    ...["--cluster", "default", "--api", url, "--sts-endpoint", deployment.sts],
    ...["--report-queue", deployment.outputs.ReportsQueueUrl, "--sqs-endpoint", sqsEndpoint],
  ];
  const containerd = run(join(dataDir, "containerd.log"), ["containerd", dataDir]);
  let agent: ChildProcess;
  const startAgent = () => {
    agent = run(logFile, flags);
  };
  startAgent();
  const log = () => readFileSync(logFile, "utf8");
  const { socket } = nodeLayout(dataDir);
  const runtime = createCriClient(socket);
  await until("containerd", async () => (await runtime.status()).every(({ status }) => status));
  runtime.close();
  const runningPods = async () => {
    const client = createCriClient(socket);
    try {
      const sandboxes = await client.listPodSandboxes();
      return sandboxes.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    } finally {
      client.close();
    }
  };
  return {
    name,
    dataDir,
    importImage: (image, reference) => importImage(socket, image, reference),
    runningPods,
    log,
    signal: (signal) => void agent.kill(signal),
    endAgent: (signal) => end(agent, signal),
    startAgent,
    remove: async () => {
      await end(agent, "SIGTERM");
      await removePods(dataDir);
      await end(containerd, "SIGTERM");
      await removeNodeState(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}
