import { afterEach, describe, expect, it } from "vitest";
import type { Draft } from "../../../../../lib/apimachinery/meta.ts";
import { createStatefulSetController } from "../../../../../lib/controllers/statefulset/statefulset.ts";
import type { StatefulSet, StatefulSetSpec } from "../../../../../lib/openapi/types/apps-v1.ts";
import {
  controllerrevisions,
  persistentvolumeclaims,
  pods,
  statefulsets,
} from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../../support/controller-harness.ts";
import { markReady, webTemplate } from "../../../../support/workloads.ts";

let harness: Harness;
afterEach(() => harness.stop());

function draft(replicas: number, spec: Partial<StatefulSetSpec> = {}): Draft<StatefulSet> {
  return {
    metadata: { name: "db", namespace: "default" },
    spec: {
      replicas,
      serviceName: "db",
      selector: { matchLabels: { app: "web" } },
      template: webTemplate(),
      podManagementPolicy: "OrderedReady",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      ...spec,
    },
  };
}

async function start(replicas: number, spec: Partial<StatefulSetSpec> = {}): Promise<Harness> {
  harness = startHarness([{ name: "statefulset-controller", create: createStatefulSetController }]);
  await harness.api.create(statefulsets, draft(replicas, spec));
  await harness.settle();
  return harness;
}

async function change(spec: Partial<StatefulSetSpec>): Promise<void> {
  const current = await harness.api.get(statefulsets, { namespace: "default", name: "db" });
  await harness.api.update(statefulsets, { ...current, spec: { ...(current.spec as StatefulSetSpec), ...spec } });
  await harness.settle();
}

const names = () =>
  harness.api
    .all(pods)
    .map(({ metadata }) => metadata.name)
    .sort();
const images = () =>
  [...harness.api.all(pods)]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map((pod) => pod.spec.containers[0].image);
const status = () => harness.api.all(statefulsets)[0].status;

/** Lets one more step happen: a pending pod runs, or an ending one goes. False where there is nothing to do. */
async function step(): Promise<boolean> {
  const all = harness.api.all(pods);
  const ending = all.find((pod) => pod.metadata.deletionTimestamp !== undefined);
  const pending = all.find((pod) => pod.status?.phase === "Pending");
  if (ending) harness.api.remove(pods, ending.metadata);
  else if (pending) markReady(harness.api, pending, harness.clock.now());
  else return false;
  await harness.settle();
  return true;
}

async function runAll(): Promise<void> {
  for (let round = 0; round < 50 && (await step()); round++);
}

describe("statefulset controller", () => {
  it("makes pods one after the other, each with its name", async () => {
    const { api, events } = await start(3);
    expect(names()).toEqual(["db-0"]);
    await step();
    expect(names()).toEqual(["db-0", "db-1"]);
    await runAll();
    expect(names()).toEqual(["db-0", "db-1", "db-2"]);
    const [revision] = api.all(controllerrevisions);
    const pod = api.all(pods)[1];
    expect(pod.spec).toMatchObject({ hostname: "db-1", subdomain: "db" });
    expect(pod.metadata.labels).toEqual({
      app: "web",
      "statefulset.kubernetes.io/pod-name": "db-1",
      "apps.kubernetes.io/pod-index": "1",
      "controller-revision-hash": revision.metadata.name,
    });
    expect(status()).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      currentRevision: revision.metadata.name,
      updateRevision: revision.metadata.name,
    });
    expect(events()).toContain("SuccessfulCreate: create Pod db-0 in StatefulSet db successful");
  });

  it("makes all at once where that is asked for, from another first ordinal", async () => {
    await start(3, { podManagementPolicy: "Parallel", ordinals: { start: 5 } });
    expect(names()).toEqual(["db-5", "db-6", "db-7"]);
  });

  it("shrinks from the end, one after the other", async () => {
    await start(3);
    await runAll();
    await change({ replicas: 1 });
    const ending = () =>
      harness.api
        .all(pods)
        .filter((pod) => pod.metadata.deletionTimestamp !== undefined)
        .map((pod) => pod.metadata.name);
    expect(ending()).toEqual(["db-2"]);
    await step();
    expect(ending()).toEqual(["db-1"]);
    await runAll();
    expect(names()).toEqual(["db-0"]);
  });

  it("rolls a new template out from the end, one healthy pod at a time", async () => {
    const { api } = await start(3);
    await runAll();
    await change({ template: webTemplate("web:2") });
    const order: string[] = [];
    for (let round = 0; round < 40; round++) {
      const ready = api.all(pods).filter((pod) => pod.status?.phase === "Running" && !pod.metadata.deletionTimestamp);
      expect(ready.length).toBeGreaterThanOrEqual(2);
      const ending = api.all(pods).find((pod) => pod.metadata.deletionTimestamp !== undefined);
      if (ending) order.push(ending.metadata.name);
      if (!(await step())) break;
    }
    expect(order).toEqual(["db-2", "db-1", "db-0"]);
    expect(images()).toEqual(["web:2", "web:2", "web:2"]);
    expect(status()?.currentRevision).toBe(status()?.updateRevision);
  });

  it("stops a rollout at its partition, and remakes pods below it as they were", async () => {
    const { api } = await start(3, { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } });
    await runAll();
    await change({ template: webTemplate("web:2") });
    await runAll();
    expect(images()).toEqual(["web:1", "web:1", "web:2"]);
    await api.delete(pods, { namespace: "default", name: "db-0" });
    await harness.settle();
    await runAll();
    expect(images()).toEqual(["web:1", "web:1", "web:2"]);
    expect(status()).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
  });

  it("replaces nothing by itself with OnDelete", async () => {
    const { api } = await start(2, { updateStrategy: { type: "OnDelete" } });
    await runAll();
    await change({ template: webTemplate("web:2") });
    expect(images()).toEqual(["web:1", "web:1"]);
    await api.delete(pods, { namespace: "default", name: "db-0" });
    await harness.settle();
    await runAll();
    expect(images()).toEqual(["web:2", "web:1"]);
  });

  it("recreates a pod that has failed, under its name", async () => {
    const { api, events } = await start(2);
    await runAll();
    const [pod] = api.all(pods);
    api.put(pods, { ...pod, status: { phase: "Failed" } });
    await harness.settle();
    await runAll();
    expect(names()).toEqual(["db-0", "db-1"]);
    expect(api.all(pods).every((one) => one.status?.phase === "Running")).toBe(true);
    expect(events()).toContain("RecreatingFailedPod: StatefulSet default/db is recreating failed Pod db-0");
  });

  it("waits for minReadySeconds between pods", async () => {
    const { clock } = await start(2, { minReadySeconds: 30 });
    await step();
    expect(names()).toEqual(["db-0"]);
    await clock.advance(31_000);
    expect(names()).toEqual(["db-0", "db-1"]);
  });

  describe("with claims", () => {
    const volumeClaimTemplates = [
      { metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"] } },
    ] as unknown as StatefulSetSpec["volumeClaimTemplates"];
    const owners = () =>
      harness.api
        .all(persistentvolumeclaims)
        .map(
          ({ metadata }) => `${metadata.name}: ${(metadata.ownerReferences ?? []).map(({ kind }) => kind).join(" ")}`,
        );

    it("makes a claim for each pod, and keeps it when the set shrinks", async () => {
      const { api } = await start(2, { volumeClaimTemplates });
      await runAll();
      expect(owners()).toEqual(["data-db-0: ", "data-db-1: "]);
      expect(api.all(persistentvolumeclaims)[0].metadata.labels).toEqual({ app: "web" });
      expect(api.all(pods)[1].spec.volumes).toEqual([
        { name: "data", persistentVolumeClaim: { claimName: "data-db-1" } },
      ]);
      await change({ replicas: 1 });
      await runAll();
      expect(owners()).toEqual(["data-db-0: ", "data-db-1: "]);
    });

    it("lets claims go with the set, or with pods that are not wanted any more", async () => {
      await start(2, {
        volumeClaimTemplates,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" },
      });
      await runAll();
      expect(owners()).toEqual(["data-db-0: StatefulSet", "data-db-1: StatefulSet"]);
      await change({ replicas: 1 });
      expect(owners()).toEqual(["data-db-0: StatefulSet", "data-db-1: Pod"]);
      await change({
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
        replicas: 1,
      });
      await runAll();
      expect(owners()[0]).toBe("data-db-0: ");
    });
  });
});
