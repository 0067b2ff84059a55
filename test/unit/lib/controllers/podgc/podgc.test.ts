import { afterEach, describe, expect, it } from "vitest";
import type { Draft } from "../../../../../lib/apimachinery/meta.ts";
import { createPodGarbageCollectorWith } from "../../../../../lib/controllers/podgc/podgc.ts";
import type { Pod } from "../../../../../lib/openapi/types/core-v1.ts";
import { nodes, pods } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(limit = 100): Harness {
  harness = startHarness([{ name: "pod-garbage-collector-controller", create: createPodGarbageCollectorWith(limit) }]);
  harness.api.put(nodes, { metadata: { name: "n1" }, spec: {} });
  return harness;
}

function pod(name: string, nodeName: string, metadata: Partial<Pod["metadata"]> = {}, status = {}): Draft<Pod> {
  return {
    metadata: { name, namespace: "default", ...metadata },
    spec: { ...(nodeName === "" ? {} : { nodeName }), containers: [] },
    status: { phase: "Running", ...status },
  };
}

const names = () => harness.api.all(pods).map(({ metadata }) => metadata.name);

describe("pod garbage collector", () => {
  it("removes pods of a node that is gone, after 40 s", async () => {
    const { api, clock } = start();
    api.put(pods, pod("here", "n1"));
    api.put(pods, pod("orphan", "gone"));
    await clock.advance(35_000);
    expect(names()).toEqual(["here", "orphan"]);
    await clock.advance(10_000);
    expect(names()).toEqual(["here"]);
    expect(api.writes).toContain("update pods/status orphan");
  });

  it("removes pods when their node is deleted, and keeps them when it comes back in time", async () => {
    const { api, clock } = start();
    api.put(pods, pod("p", "n1"));
    await clock.advance(1000);
    api.remove(nodes, { name: "n1" });
    await clock.advance(20_000);
    api.put(nodes, { metadata: { name: "n1" }, spec: {} });
    await clock.advance(60_000);
    expect(names()).toEqual(["p"]);
    api.remove(nodes, { name: "n1" });
    await clock.advance(45_000);
    expect(names()).toEqual([]);
  });

  it("removes what is being deleted and was never scheduled", async () => {
    const { api, settle } = start();
    api.put(pods, pod("pending", "", { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    api.put(pods, pod("living", ""));
    await settle();
    expect(names()).toEqual(["living"]);
  });

  it("removes what is being deleted on a node that is out of service", async () => {
    const { api, settle } = start();
    api.put(pods, pod("stuck", "n1", { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    api.put(pods, pod("living", "n1"));
    await settle();
    expect(names()).toHaveLength(2);
    const taints = [{ key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }];
    api.put(nodes, { metadata: { name: "n1" }, spec: { taints } });
    await settle();
    expect(names()).toEqual(["living"]);
  });

  it("keeps only so many ended pods, the youngest, and evicted ones go first", async () => {
    const { api, settle } = start(2);
    const at = (minute: number) => ({ creationTimestamp: `2026-01-01T00:0${minute}:00Z` });
    api.put(pods, pod("old", "n1", at(1), { phase: "Succeeded" }));
    api.put(pods, pod("young", "n1", at(2), { phase: "Failed" }));
    await settle();
    expect(names()).toEqual(["old", "young"]);
    api.put(pods, pod("evicted", "n1", at(3), { phase: "Failed", reason: "Evicted" }));
    await settle();
    expect(names()).toEqual(["old", "young"]);
    api.put(pods, pod("youngest", "n1", at(4), { phase: "Succeeded" }));
    await settle();
    expect(names()).toEqual(["young", "youngest"]);
  });
});
