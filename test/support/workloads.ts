/** Workloads for tests, and a kubelet that says that pods run. */
import { timeText } from "../../lib/apimachinery/clock.ts";
import type { Draft } from "../../lib/apimachinery/meta.ts";
import type { Deployment, DeploymentSpec, ReplicaSet } from "../../lib/openapi/types/apps-v1.ts";
import type { Pod } from "../../lib/openapi/types/core-v1.ts";
import { pods } from "../../lib/openapi/types/resources.ts";
import type { Harness } from "./controller-harness.ts";
import type { FakeApi } from "./fake-api.ts";

/** A pod template with the label app=web and one container of that image. */
export function webTemplate(image = "web:1") {
  return { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } };
}

/** The ReplicaSet `web`. */
export function webReplicaSet(replicas: number, spec: Partial<ReplicaSet["spec"]> = {}): Draft<ReplicaSet> {
  return {
    metadata: { name: "web", namespace: "default" },
    spec: { replicas, selector: { matchLabels: { app: "web" } }, template: webTemplate(), ...spec },
  };
}

/** The Deployment `web`, with upstream's defaults. */
export function webDeployment(replicas: number, spec: Partial<DeploymentSpec> = {}): Draft<Deployment> {
  return {
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: webTemplate(),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
    },
  };
}

/** Says of a pod that it runs on a node and is ready since `readyAt` (ms). */
export function markReady(api: FakeApi, pod: Pod, readyAt: number, node = "n1"): void {
  const condition = { type: "Ready", status: "True", lastTransitionTime: timeText(readyAt) };
  api.put(pods, {
    ...pod,
    spec: { ...pod.spec, nodeName: pod.spec.nodeName ?? node },
    status: { ...pod.status, phase: "Running", conditions: [condition] },
  });
}

/** Lets every pending pod run and every pod that is being deleted go, until nothing changes any more. */
export async function runPods(harness: Harness): Promise<void> {
  for (let round = 0; round < 100; round++) {
    await harness.settle();
    let changed = false;
    for (const pod of harness.api.all(pods)) {
      if (pod.metadata.deletionTimestamp !== undefined) harness.api.remove(pods, pod.metadata);
      else if (pod.status?.phase === "Pending") markReady(harness.api, pod, harness.clock.now());
      else continue;
      changed = true;
    }
    if (!changed) return;
  }
  throw new Error("the pods do not come to rest");
}
