/** A node that falls silent is NotReady, and its pods are replaced elsewhere. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { busyboxImage } from "./support/busybox-image.ts";
import { startCluster, type TestCluster, until } from "./support/cluster.ts";

const image = "coracle.test/busybox:1";

/** Five seconds in place of the five minutes that admission gives a pod. */
const tolerations = ["not-ready", "unreachable"].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 5,
}));

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "app" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "app" } },
    template: {
      metadata: { labels: { app: "app" } },
      spec: { tolerations, containers: [{ name: "c", image, command: ["sleep", "100000"] }] },
    },
  },
};

interface Pod {
  readonly metadata: { name: string; deletionTimestamp?: string };
  readonly spec: { nodeName?: string };
  readonly status: { phase: string };
}

interface Node {
  readonly metadata: { name: string };
  readonly spec: { taints?: { key: string; effect: string }[] };
  readonly status: { conditions: { type: string; status: string; reason: string }[] };
}

describe("a real node and a simulated one", () => {
  let cluster: TestCluster;
  let real = "";
  let simulated = "";

  const nodes = async () => (await cluster.get<{ items: Node[] }>("nodes")).items;
  const pods = async () => (await cluster.get<{ items: Pod[] }>("pods", "-l", "app=app")).items;
  const ready = ({ status }: Node) => status.conditions.find(({ type }) => type === "Ready");
  const agentPid = () => Number(readFileSync(join(cluster.dataDir, "run/agent.pid"), "utf8").split(" ")[0]);

  beforeAll(async () => {
    cluster = await startCluster("--node", "--simulate-nodes", "1");
    await cluster.importImage(busyboxImage(), image);
    const found = await until("two nodes that are ready", async () => {
      const all = await nodes();
      return all.length === 2 && all.every((node) => ready(node)?.status === "True") && all;
    });
    simulated = found.find(({ metadata }) => metadata.name.startsWith("simulated"))?.metadata.name ?? "";
    real = found.find(({ metadata }) => metadata.name !== simulated)?.metadata.name ?? "";
    await cluster.kubectl(["cordon", simulated]);
    await cluster.kubectl(["apply", "-f", "-"], JSON.stringify(deployment));
    await cluster.kubectl(["rollout", "status", "deployment/app", "--timeout=60s"]);
    await cluster.kubectl(["uncordon", simulated]);
  }, 150_000);

  afterAll(() => cluster?.remove(), 60_000);

  test("silent: NotReady and tainted, its pods run elsewhere; heard again: Ready, and the old pods go", async () => {
    expect((await pods()).map(({ spec }) => spec.nodeName)).toEqual([real, real]);
    const before = (await pods()).map(({ metadata }) => metadata.name);
    const agent = agentPid();
    process.kill(agent, "SIGSTOP");
    try {
      await until(
        "NotReady",
        async () => {
          const node = (await nodes()).find(({ metadata }) => metadata.name === real) as Node;
          const isTainted = node.spec.taints?.some(
            ({ key, effect }) => key === "node.kubernetes.io/unreachable" && effect === "NoExecute",
          );
          return ready(node)?.status === "Unknown" && ready(node)?.reason === "NodeStatusUnknown" && isTainted;
        },
        120_000,
      );
      expect(await cluster.kubectl(["get", "node", real])).toContain("NotReady");
      await until("replacements", async () => {
        const running = (await pods()).filter(({ status, spec }) => {
          return status.phase === "Running" && spec.nodeName === simulated;
        });
        return running.length === 2;
      });
    } finally {
      process.kill(agent, "SIGCONT");
    }
    await until("Ready again", async () => {
      const node = (await nodes()).find(({ metadata }) => metadata.name === real) as Node;
      return ready(node)?.status === "True" && node.spec.taints === undefined;
    });
    await until("the end of the old pods", async () => {
      return !(await pods()).some(({ metadata }) => before.includes(metadata.name));
    });
  }, 240_000);
});
