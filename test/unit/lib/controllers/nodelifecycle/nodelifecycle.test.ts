import { afterEach, describe, expect, it } from "vitest";
import { microTimeText, timeText } from "../../../../../lib/apimachinery/clock.ts";
import type { Draft } from "../../../../../lib/apimachinery/meta.ts";
import { makeController } from "../../../../../lib/controllers/made-controller.ts";
import { createNodeLifecycleController } from "../../../../../lib/controllers/nodelifecycle/nodelifecycle.ts";
import type { ObjectGraph } from "../../../../../lib/controllers/object-graph.ts";
import type { Node } from "../../../../../lib/openapi/types/core-v1.ts";
import { leases, nodes, pods } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, type HarnessOptions, startHarness } from "../../../../support/controller-harness.ts";
import { seededRandom } from "../../../../support/fake-clock.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(options: HarnessOptions = {}): Harness {
  harness = startHarness(
    [{ name: "node-lifecycle-controller", component: "node-controller", create: createNodeLifecycleController }],
    options,
  );
  return harness;
}

function readyNode(name: string, more: Partial<Node["status"]> = {}, labels = {}): Draft<Node> {
  const lastHeartbeatTime = timeText(harness.clock.now());
  const conditions = [{ type: "Ready", status: "True", lastHeartbeatTime, lastTransitionTime: lastHeartbeatTime }];
  return { metadata: { name, labels }, spec: {}, status: { conditions, ...more } };
}

function renew(name: string): void {
  harness.api.put(leases, {
    metadata: { name, namespace: "kube-node-lease" },
    spec: { holderIdentity: name, renewTime: microTimeText(harness.clock.now()) },
  });
}

/** Lets time go by; the named nodes renew their leases every 10 s. */
async function live(seconds: number, ...alive: string[]): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 10) {
    for (const name of alive) renew(name);
    await harness.clock.advance(10_000);
  }
}

function ready(name: string): string | undefined {
  const node = harness.api.all(nodes).find(({ metadata }) => metadata.name === name);
  return node?.status?.conditions?.find(({ type }) => type === "Ready")?.status;
}

function taints(name: string): string[] {
  const node = harness.api.all(nodes).find(({ metadata }) => metadata.name === name);
  return (node?.spec?.taints ?? [])
    .map(({ key, effect }) => `${key.replace("node.kubernetes.io/", "")}:${effect}`)
    .sort();
}

describe("node lifecycle controller", () => {
  it("takes a node that renews its lease for living", async () => {
    const { api } = start();
    api.put(nodes, readyNode("a"));
    await live(300, "a");
    expect([ready("a"), taints("a")]).toEqual(["True", []]);
  });

  it("marks a silent node as unknown after its grace, taints it and marks its pods as not ready", async () => {
    const { api, events } = start();
    api.put(nodes, readyNode("a"));
    api.put(nodes, readyNode("b"));
    api.put(pods, {
      metadata: { name: "p", namespace: "default" },
      spec: { nodeName: "b", containers: [] },
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    });
    await live(40, "a", "b");
    await live(40, "a");
    expect([ready("b"), taints("b")]).toEqual(["True", []]);
    await live(20, "a");
    expect(ready("a")).toBe("True");
    expect(taints("b")).toEqual(["unreachable:NoExecute", "unreachable:NoSchedule"]);
    expect(api.all(nodes)[1].status?.conditions?.[0]).toMatchObject({
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
    });
    expect(api.all(pods)[0].status?.conditions).toMatchObject([{ type: "Ready", status: "False" }]);
    expect(events()).toContain("NodeNotReady: Node b status is now: NodeNotReady");
    expect(events()).toContain("NodeNotReady: Node is not ready");
    expect(events()).toContain("RegisteredNode: Node b event: Registered Node b in Controller");
  });

  it("takes the taints off when the node comes back", async () => {
    const { api } = start();
    api.put(nodes, readyNode("a"));
    api.put(nodes, readyNode("b"));
    await live(80, "a");
    expect(ready("b")).toBe("Unknown");
    const node = await api.get(nodes, { name: "b" });
    api.put(nodes, { ...node, status: readyNode("b").status });
    await live(10, "a", "b");
    expect([ready("b"), taints("b")]).toEqual(["True", []]);
  });

  it("evicts from nobody when no node is ready: then the control plane is alone", async () => {
    const { api } = start();
    api.put(nodes, readyNode("a"));
    api.put(nodes, readyNode("b"));
    await live(200);
    expect([ready("a"), ready("b")]).toEqual(["Unknown", "Unknown"]);
    expect([taints("a"), taints("b")]).toEqual([["unreachable:NoSchedule"], ["unreachable:NoSchedule"]]);
  });

  it("empties one node of a zone each 10 s", async () => {
    const { api, clock } = start();
    for (const name of ["a", "b", "c", "d", "e", "f"]) api.put(nodes, readyNode(name));
    const evicting = () => ["e", "f"].filter((name) => taints(name).includes("unreachable:NoExecute")).length;
    for (let passed = 0; passed < 51; passed++) {
      for (const name of ["a", "b", "c", "d"]) renew(name);
      await clock.advance(1000);
    }
    expect(evicting()).toBe(1);
    await live(20, "a", "b", "c", "d");
    expect(evicting()).toBe(2);
  });

  const conditionCases: { name: string; conditions: [string, string][]; unschedulable?: boolean; want: string[] }[] = [
    {
      name: "a node under memory pressure",
      conditions: [["MemoryPressure", "True"]],
      want: ["memory-pressure:NoSchedule"],
    },
    { name: "a node with a full disk", conditions: [["DiskPressure", "True"]], want: ["disk-pressure:NoSchedule"] },
    {
      name: "a node with too many processes",
      conditions: [["PIDPressure", "True"]],
      want: ["pid-pressure:NoSchedule"],
    },
    {
      name: "a node without a network",
      conditions: [["NetworkUnavailable", "True"]],
      want: ["network-unavailable:NoSchedule"],
    },
    { name: "a cordoned node", conditions: [], unschedulable: true, want: ["unschedulable:NoSchedule"] },
    { name: "a node without problems", conditions: [["DiskPressure", "False"]], want: [] },
  ];
  for (const { name, conditions, unschedulable, want } of conditionCases) {
    it(`taints ${name}`, async () => {
      const { api, settle } = start();
      const draft = readyNode("a");
      const more = conditions.map(([type, status]) => ({ type, status }));
      draft.status = { conditions: [...(draft.status?.conditions ?? []), ...more] };
      if (unschedulable) draft.spec = { unschedulable };
      api.put(nodes, draft);
      await settle();
      expect(taints("a")).toEqual(want);
    });
  }

  it("taints a node that says itself that it is not ready", async () => {
    const { api, settle } = start();
    api.put(nodes, readyNode("a"));
    const draft = readyNode("b");
    api.put(nodes, { ...draft, status: { conditions: [{ type: "Ready", status: "False" }] } });
    await settle();
    expect(taints("b")).toEqual(["not-ready:NoExecute", "not-ready:NoSchedule"]);
  });

  it("leaves the taints of others alone", async () => {
    const { api, settle } = start();
    const draft = readyNode("a");
    draft.spec = { taints: [{ key: "team", value: "x", effect: "NoExecute" }] };
    api.put(nodes, draft);
    await settle();
    expect(taints("a")).toEqual(["team:NoExecute"]);
  });

  it("marks a node that has never said anything", async () => {
    const { api } = start();
    api.put(nodes, readyNode("a"));
    api.put(nodes, { metadata: { name: "b" }, spec: {} });
    await live(50, "a");
    expect(ready("b")).toBeUndefined();
    await live(30, "a");
    const conditions = api.all(nodes)[1].status?.conditions ?? [];
    expect(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual(
      ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"].map(
        (type) => `${type} Unknown NodeStatusNeverUpdated`,
      ),
    );
  });

  it("believes who hears nodes elsewhere", async () => {
    let heard = 0;
    const { api, clock } = start({ options: { lastHeard: () => heard } });
    api.put(nodes, readyNode("a"));
    for (let passed = 0; passed < 10; passed++) {
      heard = clock.now();
      await clock.advance(30_000);
    }
    expect(ready("a")).toBe("True");
    await clock.advance(60_000);
    expect(ready("a")).toBe("Unknown");
  });

  it("takes no change of a silent node for a sign of life where others hear it", async () => {
    let heard = 0;
    const { api, clock } = start({ options: { lastHeard: () => heard } });
    heard = clock.now();
    api.put(nodes, readyNode("a"));
    for (let passed = 0; passed < 6; passed++) {
      // What it reported long ago, written late.
      const [node] = api.all(nodes);
      api.put(nodes, { ...node, status: { ...node.status, ...readyNode("a").status } });
      renew("a");
      await clock.advance(10_000);
    }
    expect(ready("a")).toBe("Unknown");
  });

  it("asks for the Node with its uid, since another one of its name may have been heard of", async () => {
    const asked = new Set<string>();
    const { api, settle } = start({
      options: {
        lastHeard: (name, uid) => {
          asked.add(`${name} ${uid}`);
          return undefined;
        },
      },
    });
    const { metadata } = api.put(nodes, readyNode("a"));
    await settle();
    expect([...asked]).toEqual([`a ${metadata.uid}`]);
  });

  it("marks the pods of a silent node that another process has marked as unknown before it ended", async () => {
    const { api, clock, settle } = start({ options: { lastHeard: () => 1 } });
    const node = readyNode("a");
    const conditions = node.status?.conditions?.map((one) => ({ ...one, status: "Unknown" }));
    api.put(nodes, { ...node, status: { conditions } });
    api.put(pods, {
      metadata: { name: "p", namespace: "default" },
      spec: { nodeName: "a", containers: [] },
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    });
    await settle();
    await clock.advance(1_000);
    expect(api.all(pods)[0].status?.conditions).toMatchObject([{ type: "Ready", status: "False" }]);
  });

  it.each([
    { name: "an Event of a new node", ageMs: 0, want: 1 },
    { name: "none of an old one, which a process only meets", ageMs: 3_600_000, want: 0 },
  ])("writes, of all processes that come and go, $name", async ({ ageMs, want }) => {
    const { api, clock, informers, events } = start({ options: { controllers: [] } });
    const node = readyNode("a");
    const creationTimestamp = timeText(clock.now() - ageMs);
    api.put(nodes, { ...node, metadata: { ...node.metadata, creationTimestamp } });
    for (let processes = 0; processes < 2; processes++) {
      const entry = { name: "node-lifecycle-controller", create: createNodeLifecycleController };
      const random = seededRandom(processes);
      const parts = { client: () => api, graph: {} as ObjectGraph, clock, random, rootCertificate: "" };
      const { controller, events } = makeController(entry, { ...parts, lastHeard: () => undefined }, informers);
      await controller.reconcile("a");
      await events.flush();
      await clock.advance(1_000);
    }
    expect(events().filter((text) => text.startsWith("RegisteredNode"))).toHaveLength(want);
  });

  it("keeps the labels of old clients", async () => {
    const { api, settle } = start();
    api.put(nodes, readyNode("a", {}, { "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64" }));
    await settle();
    expect(api.all(nodes)[0].metadata.labels).toMatchObject({
      "beta.kubernetes.io/os": "linux",
      "beta.kubernetes.io/arch": "arm64",
    });
  });
});
