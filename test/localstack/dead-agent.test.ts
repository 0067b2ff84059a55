/** An agent is killed: its node is NotReady in time, and its pods are replaced on the other node, which is a simulated one. */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { busyboxImage } from "../e2e/support/busybox-image.ts";
import { until } from "../e2e/support/cluster.ts";
import { nodes } from "./principals.ts";
import { type CloudCluster, openCluster } from "./support/cloud-cluster.ts";
import { type CloudNode, startNode } from "./support/cloud-node.ts";

const image = "coracle.test/busybox:1";
const simulatedFile = join(import.meta.dirname, "../../agent/simulated/main.ts");
const simulated = "simulated-0";
/** What may pass until the node is NotReady, and then until its pods, which tolerate that for 5 s, run elsewhere. */
const noticedMs = 120_000;
const replacedMs = 60_000;

const tolerations = ["not-ready", "unreachable"].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 5,
}));

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "moves" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "moves" } },
    template: {
      metadata: { labels: { app: "moves" } },
      spec: {
        tolerations,
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "c", image, command: ["sleep", "100000"] }],
      },
    },
  },
};

interface Pod {
  readonly metadata: { name: string };
  readonly spec: { nodeName?: string };
  readonly status: { phase: string };
}

interface Node {
  readonly metadata: { name: string };
  readonly status: { conditions?: { type: string; status: string }[] };
}

describe("two nodes", () => {
  let cluster: CloudCluster;
  let node: CloudNode;
  let other: ChildProcess;

  const pods = async () => (await cluster.get<{ items: Pod[] }>("pods", "-l", "app=moves")).items;
  const ready = async (name: string) =>
    (await cluster.get<Node>("node", name)).status.conditions?.find(({ type }) => type === "Ready")?.status;

  beforeAll(async () => {
    cluster = await openCluster();
    node = await startNode(cluster, nodes[0]);
    await node.importImage(busyboxImage(), image);
    const kubeconfig = join(node.dataDir, "simulated.kubeconfig");
    writeFileSync(kubeconfig, (await cluster.clientConfig()).exportConfig(), { mode: 0o600 });
    const log = openSync(join(node.dataDir, "simulated.log"), "a");
    other = spawn(process.execPath, [simulatedFile, "--kubeconfig", kubeconfig], { stdio: ["ignore", log, log] });
    for (const name of [node.name, simulated]) {
      await until(`${name} to be ready`, async () => (await ready(name)) === "True", 120_000);
    }
    await cluster.kubectl(["cordon", simulated]);
    await cluster.apply(deployment);
    await cluster.kubectl(["rollout", "status", "deployment/moves", "--timeout=120s"]);
    await cluster.kubectl(["uncordon", simulated]);
  }, 400_000);

  afterAll(async () => {
    await cluster?.run(["delete", "deployment", "moves", "--wait=false"]);
    other?.kill();
    await node?.remove();
    await cluster?.run(["delete", "nodes", "--all"]);
    cluster?.close();
  }, 120_000);

  test("killed: NotReady in time, the pods run elsewhere; back again: Ready, and the old pods are gone", async () => {
    const before = await pods();
    expect(before.map(({ spec }) => spec.nodeName)).toEqual([node.name, node.name]);
    await node.endAgent("SIGKILL");
    const shown = async () => await cluster.kubectl(["get", "node", node.name, "--no-headers"]);
    await until("NotReady", async () => / NotReady /.test(await shown()), noticedMs);
    await until(
      "replacements",
      async () => {
        const moved = (await pods()).filter(
          ({ status, spec }) => spec.nodeName === simulated && status.phase === "Running",
        );
        return moved.length === 2;
      },
      replacedMs,
    );
    node.startAgent();
    await until("Ready again", async () => (await ready(node.name)) === "True", 120_000);
    const old = before.map(({ metadata }) => metadata.name);
    await until(
      "the end of the old pods",
      async () => !(await pods()).some(({ metadata }) => old.includes(metadata.name)),
      120_000,
    );
  }, 500_000);
});
