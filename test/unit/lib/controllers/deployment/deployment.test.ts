import { afterEach, describe, expect, it } from "vitest";
import { createDeploymentController } from "../../../../../lib/controllers/deployment/deployment.ts";
import { createReplicaSetController } from "../../../../../lib/controllers/replicaset/replicaset.ts";
import type { Deployment, DeploymentSpec } from "../../../../../lib/openapi/types/apps-v1.ts";
import { deployments, pods, replicasets } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../../support/controller-harness.ts";
import { markReady, runPods, webDeployment, webTemplate } from "../../../../support/workloads.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(): Harness {
  harness = startHarness([
    { name: "replicaset-controller", create: createReplicaSetController },
    { name: "deployment-controller", create: createDeploymentController },
  ]);
  return harness;
}

const key = { namespace: "default", name: "web" };

async function change(spec: Partial<DeploymentSpec>): Promise<Deployment> {
  const current = await harness.api.get(deployments, key);
  return harness.api.update(deployments, { ...current, spec: { ...current.spec, ...spec } });
}

/** image: wanted/available of each ReplicaSet, by revision. */
function sizes(): string[] {
  const sets = [...harness.api.all(replicasets)].sort((a, b) => revision(a) - revision(b));
  return sets.map(
    (set) =>
      `${set.spec.template?.spec?.containers[0].image} ${set.spec.replicas}/${set.status?.availableReplicas ?? 0}`,
  );
}

function revision(object: { metadata: { annotations?: Record<string, string> } }): number {
  return Number(object.metadata.annotations?.["deployment.kubernetes.io/revision"]);
}

function condition(type: string) {
  return harness.api.all(deployments)[0].status?.conditions?.find((one) => one.type === type);
}

describe("deployment controller", () => {
  it("makes a ReplicaSet of its template, and reports", async () => {
    const { api, events } = start();
    await api.create(deployments, webDeployment(3));
    await runPods(harness);
    const [set] = api.all(replicasets);
    const hash = set.metadata.labels?.["pod-template-hash"];
    expect(set.metadata.name).toBe(`web-${hash}`);
    expect(set.spec.selector.matchLabels).toEqual({ app: "web", "pod-template-hash": hash });
    expect(set.metadata.annotations).toEqual({
      "deployment.kubernetes.io/revision": "1",
      "deployment.kubernetes.io/desired-replicas": "3",
      "deployment.kubernetes.io/max-replicas": "4",
    });
    const [deployment] = api.all(deployments);
    expect(revision(deployment)).toBe(1);
    expect(deployment.status).toMatchObject({
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    expect(condition("Available")).toMatchObject({ status: "True", reason: "MinimumReplicasAvailable" });
    expect(condition("Progressing")).toMatchObject({
      status: "True",
      reason: "NewReplicaSetAvailable",
      message: `ReplicaSet "${set.metadata.name}" has successfully progressed.`,
    });
    expect(events()).toContain(`ScalingReplicaSet: Scaled up replica set ${set.metadata.name} from 0 to 3`);
  });

  it("rolls a new template out within maxSurge and maxUnavailable", async () => {
    const { api, clock, settle } = start();
    await api.create(deployments, webDeployment(4));
    await runPods(harness);
    await change({ template: webTemplate("web:2") });
    for (let round = 0; round < 40; round++) {
      await settle();
      const living = api.all(pods).filter((pod) => pod.metadata.deletionTimestamp === undefined);
      const ready = living.filter((pod) => pod.status?.phase === "Running");
      expect(living.length).toBeLessThanOrEqual(5);
      expect(ready.length).toBeGreaterThanOrEqual(3);
      const pending = living.find((pod) => pod.status?.phase === "Pending");
      const ending = api.all(pods).find((pod) => pod.metadata.deletionTimestamp !== undefined);
      if (pending) markReady(api, pending, clock.now());
      else if (ending) api.remove(pods, ending.metadata);
      else break;
    }
    expect(sizes()).toEqual(["web:1 0/0", "web:2 4/4"]);
    expect(condition("Progressing")).toMatchObject({ reason: "NewReplicaSetAvailable" });
  });

  it("goes back to an earlier template with a new revision and a history", async () => {
    const { api } = start();
    await api.create(deployments, webDeployment(2));
    await runPods(harness);
    await change({ template: webTemplate("web:2") });
    await runPods(harness);
    await change({ template: webTemplate("web:1") });
    await runPods(harness);
    expect(sizes()).toEqual(["web:2 0/0", "web:1 2/2"]);
    const current = api.all(replicasets).find((set) => set.spec.replicas === 2);
    expect(current?.metadata.annotations).toMatchObject({
      "deployment.kubernetes.io/revision": "3",
      "deployment.kubernetes.io/revision-history": "1",
    });
    expect(revision(api.all(deployments)[0])).toBe(3);
  });

  it("keeps revisionHistoryLimit old ReplicaSets", async () => {
    const { api } = start();
    await api.create(deployments, webDeployment(1, { revisionHistoryLimit: 2 }));
    await runPods(harness);
    for (const image of ["web:2", "web:3", "web:4", "web:5"]) {
      await change({ template: webTemplate(image) });
      await runPods(harness);
    }
    expect(sizes()).toEqual(["web:3 0/0", "web:4 0/0", "web:5 1/1"]);
  });

  it("recreates only when all old pods are gone", async () => {
    const { api, settle } = start();
    await api.create(deployments, webDeployment(2, { strategy: { type: "Recreate" } }));
    await runPods(harness);
    await change({ template: webTemplate("web:2") });
    await settle();
    expect(sizes()).toEqual(["web:1 0/0"]);
    expect(api.all(pods).filter((pod) => pod.metadata.deletionTimestamp !== undefined)).toHaveLength(2);
    await settle();
    expect(api.all(replicasets)).toHaveLength(1);
    for (const pod of [...api.all(pods)]) api.remove(pods, pod.metadata);
    await settle();
    expect(sizes()).toEqual(["web:1 0/0", "web:2 2/0"]);
    await runPods(harness);
    expect(sizes()).toEqual(["web:1 0/0", "web:2 2/2"]);
  });

  it("scales in the middle of a rollout in proportion", async () => {
    const { api, settle } = start();
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
    await api.create(deployments, webDeployment(10, { strategy }));
    await runPods(harness);
    await change({ template: webTemplate("web:broken") });
    await settle();
    expect(sizes()).toEqual(["web:1 8/8", "web:broken 5/0"]);
    await change({ replicas: 15 });
    await settle();
    // 13 pods become 18: upstream's documentation gives the same numbers.
    expect(sizes()).toEqual(["web:1 11/8", "web:broken 7/0"]);
  });

  it("does not roll while it is paused, but scales", async () => {
    const { api } = start();
    await api.create(deployments, webDeployment(2));
    await runPods(harness);
    await change({ paused: true, template: webTemplate("web:2") });
    await runPods(harness);
    expect(condition("Progressing")).toMatchObject({ status: "Unknown", reason: "DeploymentPaused" });
    await change({ replicas: 3 });
    await runPods(harness);
    expect(sizes()).toEqual(["web:1 3/3"]);
    await change({ paused: false });
    await runPods(harness);
    expect(sizes()).toEqual(["web:1 0/0", "web:2 3/3"]);
  });

  it("says when a rollout makes no progress within its deadline", async () => {
    const { api, clock, settle } = start();
    await api.create(deployments, webDeployment(2, { progressDeadlineSeconds: 60 }));
    await settle();
    await clock.advance(30_000);
    expect(condition("Progressing")).toMatchObject({ status: "True" });
    await clock.advance(40_000);
    const [set] = api.all(replicasets);
    expect(condition("Progressing")).toMatchObject({
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: `ReplicaSet "${set.metadata.name}" has timed out progressing.`,
    });
    await runPods(harness);
    expect(condition("Progressing")).toMatchObject({ status: "True", reason: "NewReplicaSetAvailable" });
  });

  it("takes another name when a ReplicaSet of that name has another template", async () => {
    const { api, settle } = start();
    await api.create(deployments, webDeployment(1));
    await runPods(harness);
    const [set] = api.all(replicasets);
    await api.delete(deployments, key);
    api.remove(replicasets, set.metadata);
    api.put(replicasets, {
      metadata: { name: set.metadata.name, namespace: "default", labels: { app: "other" } },
      spec: { replicas: 0, selector: { matchLabels: { app: "other" } }, template: webTemplate("other") },
    });
    await api.create(deployments, webDeployment(1));
    await settle();
    await harness.clock.advance(10_000);
    await runPods(harness);
    expect(api.all(deployments)[0].status).toMatchObject({ collisionCount: 1, availableReplicas: 1 });
    expect(api.all(replicasets)).toHaveLength(2);
  });

  it("copies its annotations to the ReplicaSet but kubectl's own", async () => {
    const { api } = start();
    const draft = webDeployment(1);
    draft.metadata.annotations = {
      "kubernetes.io/change-cause": "first",
      "kubectl.kubernetes.io/last-applied-configuration": "{}",
    };
    await api.create(deployments, draft);
    await runPods(harness);
    const { annotations } = api.all(replicasets)[0].metadata;
    expect(annotations).toMatchObject({ "kubernetes.io/change-cause": "first" });
    expect(annotations).not.toHaveProperty(["kubectl.kubernetes.io/last-applied-configuration"]);
  });
});
