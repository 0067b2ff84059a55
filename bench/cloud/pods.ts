/** From apply to Running: each step of a pod's way, as somebody sees it who asks the API all the time. */
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { until } from "../../test/e2e/support/cluster.ts";
import type { CloudCluster } from "../../test/localstack/support/cloud-cluster.ts";
import type { Row } from "../row.ts";
import { median } from "./calls.ts";

const pods = 10;
const namespace = "default";

const steps: Record<string, (pod: V1Pod) => boolean> = {
  scheduled: ({ spec }) => spec?.nodeName !== undefined,
  "the agent has been told": ({ status }) => status?.startTime !== undefined,
  Running: ({ status }) => status?.phase === "Running",
};

/** One pod after the other on a node that is there. */
export async function applyToRunning(cluster: CloudCluster, image: string): Promise<Row[]> {
  const api = (await cluster.clientConfig()).makeApiClient(CoreV1Api);
  const times = new Map<string, number[]>(Object.keys(steps).map((step) => [step, []]));
  for (let n = 0; n < pods; n++) {
    const name = `timed-${n}`;
    const containers = [{ name: "c", image, command: ["sleep", "100000"] }];
    const body = { metadata: { name }, spec: { terminationGracePeriodSeconds: 0, containers } };
    const started = performance.now();
    await api.createNamespacedPod({ namespace, body });
    const waiting = new Set(Object.keys(steps));
    await until(`${name} to run`, async () => {
      const pod = await api.readNamespacedPod({ namespace, name });
      for (const step of waiting) {
        if (!steps[step](pod)) continue;
        waiting.delete(step);
        times.get(step)?.push(performance.now() - started);
      }
      return waiting.size === 0;
    });
    await api.deleteNamespacedPod({ namespace, name });
  }
  return [...times].map(([step, values]) => ({
    name: `a pod: apply to ${step}, median`,
    value: median(values),
    unit: "ms",
  }));
}
