import { afterEach, describe, expect, it } from "vitest";
import { newForbidden } from "../../../../../lib/apimachinery/errors.ts";
import {
  createReplicaSetController,
  createReplicationControllerController,
} from "../../../../../lib/controllers/replicaset/replicaset.ts";
import type { Pod } from "../../../../../lib/openapi/types/core-v1.ts";
import { pods, replicasets, replicationcontrollers } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, type HarnessOptions, startHarness } from "../../../../support/controller-harness.ts";
import { markReady, runPods, webReplicaSet } from "../../../../support/workloads.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(options: HarnessOptions = {}): Harness {
  harness = startHarness([{ name: "replicaset-controller", create: createReplicaSetController }], options);
  return harness;
}

const key = { namespace: "default", name: "web" };

function looksLike(more: Partial<Pod["metadata"]>): Parameters<Harness["api"]["put"]>[1] {
  const draft = {
    metadata: { name: "stray", namespace: "default", labels: { app: "web" }, ...more },
    spec: { containers: [] },
    status: { phase: "Running" },
  };
  return draft;
}

describe("replicaset controller", () => {
  it("makes the pods that are wanted, named after it and owned by it", async () => {
    const { api, events, settle } = start();
    const set = await api.create(replicasets, webReplicaSet(3));
    await settle();
    expect(api.all(pods)).toHaveLength(3);
    for (const pod of api.all(pods)) {
      expect(pod.metadata.name).toMatch(/^web-.{5}$/);
      expect(pod.metadata.ownerReferences).toEqual([
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: "web",
          uid: set.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
    }
    const first = api.all(pods)[0].metadata.name;
    expect(events()).toContain(`SuccessfulCreate: Created pod: ${first}`);
  });

  it("reports its pods in status", async () => {
    const { api, clock, settle } = start();
    await api.create(replicasets, webReplicaSet(2));
    await settle();
    markReady(api, api.all(pods)[0], clock.now());
    await settle();
    expect(api.all(replicasets)[0].status).toMatchObject({
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 1,
      availableReplicas: 1,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
  });

  it("deletes unready pods first when it is scaled down, and counts the ending ones apart", async () => {
    const { api, clock, events, settle } = start();
    await api.create(replicasets, webReplicaSet(3));
    await settle();
    const [kept, unready, bound] = api.all(pods);
    markReady(api, kept, clock.now());
    api.put(pods, { ...bound, spec: { ...bound.spec, nodeName: "n1" } });
    const set = await api.get(replicasets, key);
    await api.update(replicasets, { ...set, spec: { ...set.spec, replicas: 1 } });
    await settle();
    expect(
      api
        .all(pods)
        .map((pod) => pod.metadata.name)
        .sort(),
    ).toEqual([kept.metadata.name, bound.metadata.name].sort());
    expect(api.all(replicasets)[0].status).toMatchObject({ replicas: 1, terminatingReplicas: 1 });
    expect(events()).toContain(`SuccessfulDelete: Deleted pod: ${unready.metadata.name}`);
  });

  it("replaces pods that fail, end or are deleted", async () => {
    const { api } = start();
    await api.create(replicasets, webReplicaSet(3));
    await runPods(harness);
    const [failed, deleted] = api.all(pods);
    api.put(pods, { ...failed, status: { phase: "Failed" } });
    await api.delete(pods, deleted.metadata);
    await runPods(harness);
    const active = api.all(pods).filter((pod) => pod.status?.phase === "Running");
    expect(active).toHaveLength(3);
    expect(active.map((pod) => pod.metadata.uid)).not.toContain(failed.metadata.uid);
    expect(active.map((pod) => pod.metadata.uid)).not.toContain(deleted.metadata.uid);
  });

  it("adopts an orphan that matches and makes one less", async () => {
    const { api, settle } = start({ before: (api) => void api.put(pods, looksLike({}) as Pod) });
    const set = await api.create(replicasets, webReplicaSet(2));
    await settle();
    expect(api.all(pods)).toHaveLength(2);
    const adopted = await api.get(pods, { namespace: "default", name: "stray" });
    expect(adopted.metadata.ownerReferences?.[0].uid).toBe(set.metadata.uid);
  });

  it("releases a pod whose labels no longer match and makes another", async () => {
    const { api, settle } = start();
    await api.create(replicasets, webReplicaSet(1));
    await settle();
    const [pod] = api.all(pods);
    api.put(pods, { ...pod, metadata: { ...pod.metadata, labels: { app: "debug" } } });
    await settle();
    expect(api.all(pods)).toHaveLength(2);
    expect((await api.get(pods, pod.metadata)).metadata.ownerReferences).toEqual([]);
  });

  it("leaves alone what another controller owns and what another namespace has", async () => {
    const ownerReferences = [{ apiVersion: "v1", kind: "X", name: "x", uid: "u", controller: true }];
    const { api, settle } = start({
      before: (api) => {
        api.put(pods, looksLike({ name: "owned", ownerReferences }) as Pod);
        api.put(pods, looksLike({ name: "elsewhere", namespace: "other" }) as Pod);
      },
    });
    await api.create(replicasets, webReplicaSet(1));
    await settle();
    expect(api.all(pods)).toHaveLength(3);
  });

  it("stops at the first refusal, says so in an Event and a condition, and takes the condition back", async () => {
    const { api, clock, errors, events, settle } = start();
    let refuse = true;
    api.beforeWrite = (verb, resource) => {
      if (refuse && verb === "create" && resource.resource === "pods")
        throw newForbidden(resource, "web-x", "exceeded quota: q");
    };
    await api.create(replicasets, webReplicaSet(50));
    await settle();
    expect(api.all(pods)).toHaveLength(0);
    const message = 'pods "web-x" is forbidden: exceeded quota: q';
    expect(events()).toContain(`FailedCreate: Error creating: ${message}`);
    expect(api.all(replicasets)[0].status?.conditions).toMatchObject([
      { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message },
    ]);
    // One call a try: slow start has never come to its second batch.
    expect(errors.length).toBeLessThan(10);
    refuse = false;
    await clock.advance(60_000);
    await settle();
    expect(api.all(pods)).toHaveLength(50);
    expect(api.all(replicasets)[0].status?.conditions ?? []).toEqual([]);
  });

  it("is quiet about a namespace that ends", async () => {
    const { api, errors, events, settle } = start();
    api.beforeWrite = (verb, resource) => {
      if (verb !== "create" || resource.resource !== "pods") return;
      const error = newForbidden(resource, "web-x", "unable to create new content");
      error.status.details = { ...error.status.details, causes: [{ reason: "NamespaceTerminating" }] } as never;
      throw error;
    };
    await api.create(replicasets, webReplicaSet(2));
    await settle();
    expect(errors).toEqual([]);
    expect(events()).toEqual([]);
  });

  it("counts a pod as available only after minReadySeconds", async () => {
    const { api, clock } = start();
    await api.create(replicasets, webReplicaSet(1, { minReadySeconds: 10 }));
    await runPods(harness);
    expect(api.all(replicasets)[0].status?.availableReplicas ?? 0).toBe(0);
    await clock.advance(10_000);
    expect(api.all(replicasets)[0].status?.availableReplicas).toBe(1);
  });

  it("makes no pods for a ReplicaSet that is being deleted", async () => {
    const { api, settle } = start();
    const draft = webReplicaSet(2);
    draft.metadata = {
      ...draft.metadata,
      finalizers: ["foregroundDeletion"],
      deletionTimestamp: "2026-01-01T00:00:00Z",
    };
    api.put(replicasets, draft);
    await settle();
    expect(api.all(pods)).toHaveLength(0);
  });

  it("never makes too many pods when its informers are behind", async () => {
    const late: (() => void)[] = [];
    const { api, clock, settle } = start({
      delivery: (resource) => (deliver) => (resource.resource === "pods" ? late.push(deliver) : deliver()),
    });
    await api.create(replicasets, webReplicaSet(3));
    await settle();
    const set = await api.get(replicasets, key);
    await api.update(replicasets, { ...set, metadata: { ...set.metadata, labels: { touched: "yes" } } });
    await clock.advance(10_000);
    expect(api.all(pods)).toHaveLength(3);
    for (const deliver of late.splice(0)) deliver();
    await clock.advance(10_000);
    expect(api.all(pods)).toHaveLength(3);
    // Deletions too: the informer still shows what is deleted.
    const fresh = await api.get(replicasets, key);
    await api.update(replicasets, { ...fresh, spec: { ...fresh.spec, replicas: 1 } });
    await clock.advance(10_000);
    expect(api.all(pods)).toHaveLength(1);
  });

  it("does the same for ReplicationControllers, whose selector is a map", async () => {
    harness = startHarness([
      { name: "replicationcontroller-controller", create: createReplicationControllerController },
    ]);
    const { api } = harness;
    await api.create(replicationcontrollers, {
      metadata: { name: "old", namespace: "default" },
      spec: { replicas: 2, selector: { app: "web" }, template: webReplicaSet(0).spec.template },
    });
    await runPods(harness);
    expect(api.all(pods).map((pod) => pod.metadata.ownerReferences?.[0].kind)).toEqual([
      "ReplicationController",
      "ReplicationController",
    ]);
    expect(api.all(replicationcontrollers)[0].status).toEqual({
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      observedGeneration: 1,
    });
  });
});
