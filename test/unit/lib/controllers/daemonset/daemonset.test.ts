import { afterEach, describe, expect, it } from "vitest";
import type { Draft } from "../../../../../lib/apimachinery/meta.ts";
import { createDaemonSetController } from "../../../../../lib/controllers/daemonset/daemonset.ts";
import { nodeOf } from "../../../../../lib/controllers/daemonset/placement.ts";
import type { DaemonSet, DaemonSetSpec } from "../../../../../lib/openapi/types/apps-v1.ts";
import type { Node, Pod } from "../../../../../lib/openapi/types/core-v1.ts";
import { controllerrevisions, daemonsets, nodes, pods } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../../support/controller-harness.ts";
import { markReady, webTemplate } from "../../../../support/workloads.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(...names: string[]): Harness {
  harness = startHarness([{ name: "daemonset-controller", create: createDaemonSetController }]);
  for (const name of names) putNode(name);
  return harness;
}

function putNode(name: string, spec: Node["spec"] = {}, labels: Record<string, string> = {}): void {
  harness.api.put(nodes, { metadata: { name, labels }, spec });
}

function draft(spec: Partial<DaemonSetSpec> = {}): Draft<DaemonSet> {
  return {
    metadata: { name: "web", namespace: "default" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: webTemplate(),
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
      ...spec,
    },
  };
}

const place = { namespace: "default", name: "web" };

async function change(spec: Partial<DaemonSetSpec>): Promise<void> {
  const current = await harness.api.get(daemonsets, place);
  await harness.api.update(daemonsets, { ...current, spec: { ...current.spec, ...spec } });
  await harness.settle();
}

const living = () => harness.api.all(pods).filter((pod) => pod.metadata.deletionTimestamp === undefined);
const onNodes = () =>
  living()
    .map((pod) => `${nodeOf(pod)} ${pod.spec.containers[0].image}`)
    .sort();
const status = () => harness.api.all(daemonsets)[0].status;

/** Lets pods run on their nodes and ending ones go. */
async function runAll(): Promise<void> {
  for (let round = 0; round < 30; round++) {
    let changed = false;
    for (const pod of [...harness.api.all(pods)]) {
      if (pod.metadata.deletionTimestamp !== undefined) harness.api.remove(pods, pod.metadata);
      else if (pod.status?.phase === "Pending") markReady(harness.api, pod, harness.clock.now(), nodeOf(pod));
      else continue;
      changed = true;
    }
    await harness.settle();
    if (!changed) return;
  }
}

describe("daemonset controller", () => {
  it("makes a pod for each node, that only this node can have", async () => {
    const { api, settle } = start("a", "b");
    await api.create(daemonsets, draft());
    await settle();
    expect(onNodes()).toEqual(["a web:1", "b web:1"]);
    const [pod] = api.all(pods);
    expect(pod.spec.nodeName).toBeUndefined();
    expect(pod.spec.tolerations).toContainEqual({
      key: "node.kubernetes.io/unschedulable",
      operator: "Exists",
      effect: "NoSchedule",
    });
    const [revision] = api.all(controllerrevisions);
    expect(pod.metadata.labels?.["controller-revision-hash"]).toBe(
      revision.metadata.labels?.["controller-revision-hash"],
    );
    await runAll();
    expect(status()).toMatchObject({
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      updatedNumberScheduled: 2,
      numberReady: 2,
      numberAvailable: 2,
      numberMisscheduled: 0,
      observedGeneration: 1,
    });
  });

  it("follows nodes that come, go, and change", async () => {
    const { api, settle } = start("a");
    await api.create(
      daemonsets,
      draft({ template: { ...webTemplate(), spec: { ...webTemplate().spec, nodeSelector: { disk: "ssd" } } } }),
    );
    await settle();
    expect(onNodes()).toEqual([]);
    putNode("a", {}, { disk: "ssd" });
    putNode("b", {}, { disk: "ssd" });
    await settle();
    expect(onNodes()).toEqual(["a web:1", "b web:1"]);
    putNode("a", {}, { disk: "hdd" });
    api.remove(nodes, { name: "b" });
    await settle();
    expect(onNodes()).toEqual([]);
  });

  const taintCases: { name: string; key: string; effect: string; want: [before: number, after: number] }[] = [
    {
      name: "a taint that keeps away: none is made, one that is there stays",
      key: "team",
      effect: "NoSchedule",
      want: [0, 1],
    },
    { name: "a taint that evicts: none is made, none stays", key: "team", effect: "NoExecute", want: [0, 0] },
    {
      name: "a node in trouble: daemons don't mind",
      key: "node.kubernetes.io/not-ready",
      effect: "NoExecute",
      want: [1, 1],
    },
  ];
  for (const { name, key, effect, want } of taintCases) {
    it(`minds ${name}`, async () => {
      start();
      putNode("a", { taints: [{ key, effect }] });
      await harness.api.create(daemonsets, draft());
      await harness.settle();
      const before = living().length;
      putNode("a");
      await runAll();
      await harness.settle();
      await runAll();
      putNode("a", { taints: [{ key, effect }] });
      await harness.settle();
      expect([before, living().length]).toEqual(want);
    });
  }

  it("rolls a new template out node by node, and never has two on one", async () => {
    const { api, settle } = start("a", "b", "c");
    await api.create(daemonsets, draft());
    await settle();
    await runAll();
    await change({ template: webTemplate("web:2") });
    for (let round = 0; round < 20; round++) {
      const ready = living().filter((pod) => pod.status?.phase === "Running");
      expect(ready.length).toBeGreaterThanOrEqual(2);
      expect(api.all(pods).length).toBeLessThanOrEqual(3);
      const pending = living().find((pod) => pod.status?.phase === "Pending");
      const ending = api.all(pods).find((pod) => pod.metadata.deletionTimestamp !== undefined);
      if (pending) markReady(api, pending, harness.clock.now(), nodeOf(pending));
      else if (ending) api.remove(pods, ending.metadata);
      else break;
      await settle();
    }
    expect(onNodes()).toEqual(["a web:2", "b web:2", "c web:2"]);
    expect(api.all(controllerrevisions).map(({ revision }) => revision)).toEqual([1, 2]);
    await change({ template: webTemplate("web:1") });
    expect(api.all(controllerrevisions).map(({ revision }) => revision)).toEqual([3, 2]);
  });

  it("surges where that is asked for: the new pod is available before the old one goes", async () => {
    const { api, settle } = start("a", "b");
    await api.create(
      daemonsets,
      draft({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }),
    );
    await settle();
    await runAll();
    await change({ template: webTemplate("web:2") });
    expect(living()).toHaveLength(3);
    expect(living().filter((pod) => pod.status?.phase === "Running")).toHaveLength(2);
    await runAll();
    expect(onNodes()).toEqual(["a web:2", "b web:2"]);
  });

  it("replaces nothing by itself with OnDelete", async () => {
    const { api, settle } = start("a");
    await api.create(daemonsets, draft({ updateStrategy: { type: "OnDelete" } }));
    await settle();
    await runAll();
    await change({ template: webTemplate("web:2") });
    expect(onNodes()).toEqual(["a web:1"]);
    await api.delete(pods, api.all(pods)[0].metadata);
    await settle();
    await runAll();
    expect(onNodes()).toEqual(["a web:2"]);
  });

  it("replaces failed pods, ever more slowly", async () => {
    const { api, clock, events, settle } = start("a");
    await api.create(daemonsets, draft());
    await settle();
    const replaced: number[] = [];
    for (let round = 0; round < 4; round++) {
      const [pod] = living() as [Pod];
      api.put(pods, { ...pod, status: { phase: "Failed" } });
      const failedAt = clock.now();
      for (
        let tenth = 0;
        tenth < 200 && api.all(pods).some(({ metadata }) => metadata.uid === pod.metadata.uid);
        tenth++
      ) {
        await clock.advance(100);
      }
      replaced.push(Math.round((clock.now() - failedAt) / 1000));
      await settle();
    }
    expect(replaced).toEqual([0, 1, 2, 4]);
    expect(events().some((event) => event.startsWith("FailedDaemonPod: Found failed daemon pod default/web-"))).toBe(
      true,
    );
  });

  it("keeps only some of the old revisions", async () => {
    const { api, settle } = start("a");
    await api.create(daemonsets, draft({ revisionHistoryLimit: 1 }));
    await settle();
    await runAll();
    for (const image of ["web:2", "web:3", "web:4"]) {
      await change({ template: webTemplate(image) });
      await runAll();
      await settle();
    }
    expect(api.all(controllerrevisions).map(({ revision }) => revision)).toEqual([3, 4]);
  });
});
