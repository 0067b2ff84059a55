/** Pods a second that get a node: 1,000 pods made by a Deployment on simulated nodes. */
import { send, stream, targetOf } from "./client.ts";
import { startControlPlane, temporaryFolder } from "./control-plane.ts";
import type { Row } from "./row.ts";
import { until } from "./until.ts";

const pods = 1_000;
const nodes = 20;
const limitMs = 120_000;

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "bench" },
  spec: {
    replicas: pods,
    selector: { matchLabels: { app: "bench" } },
    template: {
      metadata: { labels: { app: "bench" } },
      spec: { containers: [{ name: "c", image: "bench.example/none:1" }] },
    },
  },
};

/** From the Deployment's create until the last pod is bound, and until it runs. */
export async function scheduling(nodeFlags: readonly string[]): Promise<Row[]> {
  const { folder, remove } = temporaryFolder();
  const plane = await startControlPlane(folder, ["--no-node", "--simulate-nodes", String(nodes)], nodeFlags);
  const target = targetOf(plane.kubeconfig, 4);
  try {
    await until("the simulated nodes are not ready", 30_000, async () =>
      areReady(await send(target, "GET", "/api/v1/nodes")),
    );
    const bound = new Set<string>();
    const running = new Set<string>();
    const seen = Promise.withResolvers<void>();
    const start = performance.now();
    let boundMs = 0;
    const timer = setTimeout(() => seen.reject(new Error(`${running.size} of ${pods} run after 2 minutes`)), limitMs);
    const end = await stream(target, "/api/v1/namespaces/default/pods?watch=true", (line) => {
      const { object } = JSON.parse(line);
      if (object.spec?.nodeName) bound.add(object.metadata.name);
      if (object.status?.phase === "Running") running.add(object.metadata.name);
      if (bound.size === pods && boundMs === 0) boundMs = performance.now() - start;
      if (running.size === pods) seen.resolve();
    });
    await send(target, "POST", "/apis/apps/v1/namespaces/default/deployments", JSON.stringify(deployment));
    await seen.promise.finally(() => clearTimeout(timer));
    end();
    const runningMs = performance.now() - start;
    return [
      { name: `pods scheduled, ${nodes} simulated nodes`, value: (pods * 1_000) / boundMs, unit: "/s", goal: 200 },
      { name: "pods running on them", value: (pods * 1_000) / runningMs, unit: "/s" },
      {
        name: `control plane's memory with ${pods} pods`,
        value: plane.memoryMb(),
        unit: "MB",
        goal: 150,
        atMost: true,
      },
    ];
  } finally {
    target.agent.destroy();
    await plane.stop();
    remove();
  }
}

/** Whether every node is ready and takes pods. */
function areReady(list: string): boolean {
  const ready = JSON.parse(list).items.filter(
    (node: { status?: { conditions?: { type: string; status: string }[] }; spec?: { taints?: unknown[] } }) =>
      node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") &&
      !node.spec?.taints?.length,
  );
  return ready.length === nodes;
}
