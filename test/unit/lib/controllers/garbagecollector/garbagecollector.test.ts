import { afterEach, describe, expect, it } from "vitest";
import type { KubeObject, OwnerReference, Resource } from "../../../../../lib/apimachinery/meta.ts";
import { createGarbageCollector } from "../../../../../lib/controllers/garbagecollector/garbagecollector.ts";
import { newControllerRef } from "../../../../../lib/controllers/owned.ts";
import { clusterroles, configmaps, pods, replicasets, secrets } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, type HarnessOptions, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(options: HarnessOptions = {}): Harness {
  harness = startHarness([{ name: "garbage-collector-controller", create: createGarbageCollector }], options);
  return harness;
}

function owner(resource: Resource, object: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference {
  const { controller: _, ...reference } = newControllerRef(resource, object);
  return { ...reference, ...more };
}

function create(resource: Resource, name: string, ownerReferences: OwnerReference[] = [], metadata = {}) {
  return harness.api.create(resource, {
    metadata: { name, namespace: "default", ownerReferences, ...metadata },
  } as never) as Promise<KubeObject>;
}

function names(resource: Resource): string[] {
  return harness.api.all(resource).map(({ metadata }) => metadata.name);
}

const at = (name: string) => ({ namespace: "default", name });

describe("garbage collector", () => {
  it("deletes a chain of dependents in the background", async () => {
    const { api, settle } = start();
    const top = await create(configmaps, "top");
    const middle = await create(replicasets, "middle", [owner(configmaps, top)]);
    await create(secrets, "bottom", [owner(replicasets, middle)]);
    await create(secrets, "other");
    await settle();
    expect(names(secrets)).toEqual(["bottom", "other"]);
    await api.delete(configmaps, at("top"));
    await settle();
    await settle();
    expect([names(configmaps), names(replicasets), names(secrets)]).toEqual([[], [], ["other"]]);
  });

  it("keeps what has another owner, and takes the lost one out", async () => {
    const { api, settle } = start();
    const [a, b] = [await create(configmaps, "a"), await create(configmaps, "b")];
    await create(secrets, "shared", [owner(configmaps, a), owner(configmaps, b)]);
    await settle();
    await api.delete(configmaps, at("a"));
    await settle();
    expect(api.all(secrets)[0].metadata.ownerReferences).toEqual([owner(configmaps, b)]);
  });

  it("deletes what is made with an owner that is gone, and what names a successor's predecessor", async () => {
    const { settle } = start();
    const real = await create(configmaps, "real");
    await create(secrets, "lost", [owner(configmaps, real, { name: "gone", uid: "1" })]);
    await create(secrets, "predecessor", [owner(configmaps, real, { uid: "2" })]);
    await create(secrets, "kept", [owner(configmaps, real)]);
    await settle();
    expect(names(secrets)).toEqual(["kept"]);
  });

  it("asks the server before it believes that an owner is gone", async () => {
    const late: (() => void)[] = [];
    const { settle } = start({
      delivery: (resource) => (deliver) => (resource.resource === "configmaps" ? late.push(deliver) : deliver()),
    });
    await settle();
    const real = await create(configmaps, "real");
    await create(secrets, "kept", [owner(configmaps, real)]);
    await settle();
    expect(late).toHaveLength(1);
    expect(names(secrets)).toEqual(["kept"]);
  });

  it("in the foreground lets the owner go last", async () => {
    const { api, settle } = start();
    const set = await create(replicasets, "set");
    await create(pods, "slow", [owner(replicasets, set)], { finalizers: ["test/slow"] });
    await create(pods, "fast", [owner(replicasets, set)]);
    await settle();
    await api.delete(replicasets, at("set"), { propagationPolicy: "Foreground" });
    await settle();
    expect(names(pods)).toEqual(["slow"]);
    expect(api.all(replicasets)[0].metadata.finalizers).toEqual(["foregroundDeletion"]);
    await api.patch(pods, at("slow"), "merge", { metadata: { finalizers: [] } });
    await settle();
    expect([names(pods), names(replicasets)]).toEqual([[], []]);
  });

  it("in the foreground does not wait for dependents that do not block", async () => {
    const { api, settle } = start();
    const set = await create(replicasets, "set");
    const reference = owner(replicasets, set, { blockOwnerDeletion: false });
    await create(pods, "slow", [reference], { finalizers: ["test/slow"] });
    await settle();
    await api.delete(replicasets, at("set"), { propagationPolicy: "Foreground" });
    await settle();
    expect(names(replicasets)).toEqual([]);
    expect(api.all(pods)[0].metadata.deletionTimestamp).toBeDefined();
  });

  it("in the foreground goes down a tree from the leaves", async () => {
    const { api, settle } = start();
    const top = await create(configmaps, "top");
    const middle = await create(replicasets, "middle", [owner(configmaps, top)]);
    await create(pods, "leaf", [owner(replicasets, middle)], { finalizers: ["test/slow"] });
    await settle();
    await api.delete(configmaps, at("top"), { propagationPolicy: "Foreground" });
    await settle();
    expect([names(configmaps), names(replicasets), names(pods)]).toEqual([["top"], ["middle"], ["leaf"]]);
    expect(api.all(pods)[0].metadata.deletionTimestamp).toBeDefined();
    await api.patch(pods, at("leaf"), "merge", { metadata: { finalizers: [] } });
    await settle();
    await settle();
    expect([names(configmaps), names(replicasets), names(pods)]).toEqual([[], [], []]);
  });

  it("sets dependents free when their owner is deleted as orphaning", async () => {
    const { api, settle } = start();
    const set = await create(replicasets, "set");
    await create(pods, "pod", [owner(replicasets, set)]);
    await settle();
    await api.delete(replicasets, at("set"), { propagationPolicy: "Orphan" });
    await settle();
    expect(names(replicasets)).toEqual([]);
    expect(api.all(pods)[0].metadata.ownerReferences).toEqual([]);
    expect(api.all(pods)[0].metadata.deletionTimestamp).toBeUndefined();
  });

  it("breaks a circle of owners", async () => {
    const { api, settle } = start();
    const a = await create(configmaps, "a");
    const b = await create(secrets, "b", [owner(configmaps, a)]);
    await api.patch(configmaps, at("a"), "merge", { metadata: { ownerReferences: [owner(secrets, b)] } });
    await settle();
    await api.delete(configmaps, at("a"), { propagationPolicy: "Foreground" });
    await settle();
    await settle();
    expect([names(configmaps), names(secrets)]).toEqual([[], []]);
  });

  it("never collects a cluster-scoped object with a namespaced owner, and says so", async () => {
    const { api, events, settle } = start();
    await api.create(clusterroles, {
      metadata: {
        name: "role",
        ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "u" }],
      },
      rules: [],
    });
    await settle();
    expect(names(clusterroles)).toEqual(["role"]);
    expect(events()).toEqual([
      'OwnerRefInvalidNamespace: ownerRef [v1/ConfigMap, namespace: , name: x, uid: u] does not exist in namespace ""',
    ]);
  });

  it("leaves alone what has an owner of a kind that is not served", async () => {
    const { errors, settle } = start();
    await create(secrets, "custom", [{ apiVersion: "example.com/v1", kind: "Widget", name: "w", uid: "u" }]);
    await settle();
    expect(names(secrets)).toEqual(["custom"]);
    expect(errors).toEqual([]);
  });

  it("collects at its start what lost its owner while nobody looked", async () => {
    const { settle } = start({
      before: (api) => {
        const reference = { apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "u" };
        api.put(secrets, { metadata: { name: "lost", namespace: "default", ownerReferences: [reference] } });
        const set = api.put(replicasets, {
          metadata: {
            name: "set",
            namespace: "default",
            finalizers: ["foregroundDeletion"],
            deletionTimestamp: "2026-01-01T00:00:00Z",
          },
          spec: { selector: {}, template: {} },
        } as never);
        api.put(pods, {
          metadata: { name: "pod", namespace: "default", ownerReferences: [owner(replicasets, set)] },
          spec: { containers: [] },
        });
      },
    });
    await settle();
    await settle();
    expect([names(secrets), names(pods), names(replicasets)]).toEqual([[], [], []]);
  });
});
