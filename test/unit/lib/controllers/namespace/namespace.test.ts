import { afterEach, describe, expect, it } from "vitest";
import { createNamespaceController } from "../../../../../lib/controllers/namespace/namespace.ts";
import { configmaps, deployments, namespaces, pods } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, type HarnessOptions, startHarness } from "../../../../support/controller-harness.ts";
import { webDeployment } from "../../../../support/workloads.ts";

let harness: Harness;
afterEach(() => harness.stop());

async function start(options: HarnessOptions = {}): Promise<Harness> {
  harness = startHarness([{ name: "namespace-controller", create: createNamespaceController }], options);
  await harness.api.create(namespaces, {
    metadata: { name: "default" },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  });
  return harness;
}

const content = (name: string, more = {}) => ({ metadata: { name, namespace: "default", ...more } });

describe("namespace controller", () => {
  it("deletes all content of a namespace that ends, then lets it go", async () => {
    const { api, settle } = await start();
    await api.create(configmaps, content("a"));
    await api.create(deployments, webDeployment(1));
    await api.create(configmaps, { metadata: { name: "b", namespace: "other" } });
    await api.delete(namespaces, { name: "default" });
    await settle();
    expect(api.all(configmaps).map(({ metadata }) => metadata.name)).toEqual(["b"]);
    expect(api.all(deployments)).toEqual([]);
    expect(api.all(namespaces)).toEqual([]);
  });

  it("leaves living namespaces alone", async () => {
    const { api, settle } = await start();
    await api.create(configmaps, content("a"));
    await settle();
    expect(api.all(configmaps)).toHaveLength(1);
  });

  it("lets pods end before it takes what they need, and goes on when the last has gone", async () => {
    const { api, settle } = await start();
    await api.create(configmaps, content("a"));
    const spec = { nodeName: "n1", terminationGracePeriodSeconds: 30, containers: [] };
    await api.create(pods, { ...content("p"), spec });
    await api.delete(namespaces, { name: "default" });
    await settle();
    expect(api.all(pods)[0].metadata.deletionTimestamp).toBeDefined();
    expect(api.all(configmaps)).toHaveLength(1);
    const [namespace] = api.all(namespaces);
    expect(namespace.status?.phase).toBe("Terminating");
    api.remove(pods, { namespace: "default", name: "p" });
    await settle();
    expect([api.all(configmaps), api.all(namespaces)]).toEqual([[], []]);
  });

  it("says which finalizers hold it up", async () => {
    const { api, settle } = await start();
    await api.create(configmaps, content("held", { finalizers: ["example.com/held"] }));
    await api.delete(namespaces, { name: "default" });
    await settle();
    const conditions = api.all(namespaces)[0].status?.conditions ?? [];
    expect(conditions.map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`)).toEqual([
      "NamespaceDeletionDiscoveryFailure False ResourcesDiscovered: All resources successfully discovered",
      "NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions: " +
        "All legacy kube types successfully parsed",
      "NamespaceDeletionContentFailure False ContentDeleted: " +
        "All content successfully deleted, may be waiting on finalization",
      "NamespaceContentRemaining True SomeResourcesRemain: " +
        "Some resources are remaining: configmaps. has 1 resource instances",
      "NamespaceFinalizersRemaining True SomeFinalizersRemain: " +
        "Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances",
    ]);
    await api.patch(configmaps, { namespace: "default", name: "held" }, "merge", { metadata: { finalizers: [] } });
    await settle();
    expect(api.all(namespaces)).toEqual([]);
  });

  it("says what could not be deleted and tries again", async () => {
    const { api, clock, settle } = await start();
    await api.create(configmaps, content("a"));
    api.beforeWrite = (verb, resource) => {
      if (verb === "delete" && resource.resource === "configmaps") throw new Error("the disk is full");
    };
    await api.delete(namespaces, { name: "default" });
    await settle();
    const conditions = api.all(namespaces)[0].status?.conditions ?? [];
    expect(conditions).toContainEqual(
      expect.objectContaining({
        type: "NamespaceDeletionContentFailure",
        status: "True",
        reason: "ContentDeletionFailed",
        message: "Failed to delete all resource types, 1 remaining: the disk is full",
      }),
    );
    api.beforeWrite = undefined;
    await clock.advance(60_000);
    expect(api.all(namespaces)).toEqual([]);
  });

  it("waits for writes that may still be under way", async () => {
    const { api, clock, settle } = await start({ options: { maxWriteDelayMs: 10_000 } });
    await api.delete(namespaces, { name: "default" });
    await settle();
    expect(api.all(namespaces)).toHaveLength(1);
    await clock.advance(5000);
    await api.create(configmaps, content("late"));
    await clock.advance(7000);
    expect([api.all(configmaps), api.all(namespaces)]).toEqual([[], []]);
  });

  it("sweeps what a late writer leaves in a namespace that is gone", async () => {
    const { api, settle } = await start({ options: { maxWriteDelayMs: 10_000 } });
    await api.create(configmaps, content("stays"));
    await api.create(configmaps, { metadata: { name: "late", namespace: "gone" } });
    await settle();
    expect(api.all(configmaps).map(({ metadata }) => metadata.name)).toEqual(["stays"]);
  });
});
