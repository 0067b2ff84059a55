import { afterEach, describe, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import { controllers } from "../../../../../lib/controllers/index.ts";
import { NodeHealthCopy } from "../../../../../lib/controllers/queued/node-health-copy.ts";
import { silentNodes } from "../../../../../lib/controllers/queued/silent-nodes.ts";
import type { NodeHealthItem } from "../../../../../lib/nodes/health.ts";
import type { Node } from "../../../../../lib/openapi/types/core-v1.ts";
import { deployments, nodes, pods } from "../../../../../lib/openapi/types/resources.ts";
import { Scheduler, type SchedulerOptions } from "../../../../../lib/scheduler/scheduler.ts";
import { type QueuedCluster, startQueuedCluster } from "../../../../support/queued-cluster.ts";

const now = Date.parse("2026-01-01T00:10:00Z");

function node(name: string, ready?: string, more: Partial<Node["metadata"]> = {}): Node {
  const metadata = {
    name,
    uid: `uid-${name}`,
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
    ...more,
  };
  const conditions = ready === undefined ? [] : [{ type: "Ready", status: ready }];
  return { apiVersion: "v1", kind: "Node", metadata, spec: {}, status: { conditions } };
}

const heard = (name: string, agoMs: number, uid = `uid-${name}`): NodeHealthItem => ({
  node: name,
  uid,
  heardAt: now - agoMs,
});

describe("silent nodes", () => {
  it.each<[string, Node, NodeHealthItem | undefined, number | undefined]>([
    ["has just spoken", node("n", "True"), heard("n", 9_000), undefined],
    ["is late: at the end of its grace", node("n", "True"), heard("n", 30_000), 20_001],
    ["is silent: now", node("n", "True"), heard("n", 51_000), -999],
    ["is silent and not ready: now", node("n", "False"), heard("n", 3_600_000), -3_549_999],
    ["is known to be silent", node("n", "Unknown"), heard("n", 3_600_000), undefined],
    [
      "is new, and has said nothing yet",
      node("n", undefined, { creationTimestamp: timeText(now - 20_000) }),
      undefined,
      undefined,
    ],
    [
      "should have begun to speak soon",
      node("n", undefined, { creationTimestamp: timeText(now - 40_000) }),
      undefined,
      20_001,
    ],
    ["never began to speak: now", node("n"), undefined, -539_999],
    ["has the name of one that has just spoken", node("n"), heard("n", 1_000, "another"), -539_999],
    ["is known by name alone", node("n", "True"), heard("n", 1_000, ""), undefined],
  ])("are told of one that %s", (_, one, health, wantMs) => {
    const wakeups = silentNodes("c", [one], health === undefined ? [] : [health], now);
    const want =
      wantMs === undefined
        ? []
        : [{ cluster: "c", controller: "node-lifecycle-controller", key: "n", dueAt: now + wantMs }];
    expect(wakeups).toEqual(want);
  });
});

const scheduler = { name: "scheduler", create: (context: SchedulerOptions) => new Scheduler(context) };

describe("a node that dies", () => {
  let cluster: QueuedCluster;
  afterEach(() => cluster.close());
  const health = new Map<string, NodeHealthItem>();

  const copy = () => new NodeHealthCopy({ list: async () => [...health.values()] });

  async function addNode(name: string): Promise<void> {
    const made = await cluster.client.create(nodes, { metadata: { name }, spec: {} });
    const conditions = [{ type: "Ready", status: "True" }];
    const status = { conditions, allocatable: { cpu: "4", memory: "4Gi", pods: "10" } };
    await cluster.client.patch(nodes, { name }, "strategic", { status }, { subresource: "status" });
    health.set(name, { node: name, uid: made.metadata.uid, heardAt: cluster.clock.now() });
  }

  function speak(name: string): void {
    const item = health.get(name);
    if (item !== undefined) health.set(name, { ...item, heardAt: cluster.clock.now() });
  }

  async function tick(): Promise<void> {
    const all = await cluster.all(nodes);
    for (const wakeup of silentNodes("default", all, [...health.values()], cluster.clock.now())) {
      await cluster.wakeups.later(wakeup);
    }
  }

  const ready = async (name: string) =>
    (await cluster.client.get(nodes, { name })).status?.conditions?.find(({ type }) => type === "Ready")?.status;

  /** Seconds until the check holds; the tick comes each minute, processes end at times, `alive` speaks. */
  async function secondsUntil(check: () => Promise<boolean>, offset: number, alive: string): Promise<number> {
    for (let second = 1; second <= 300; second++) {
      if (second % 10 === 0) speak(alive);
      if ((second + offset) % 60 === 0) await tick();
      if (second % 7 === 0) cluster.restart();
      await cluster.advance(1);
      if (await check()) return second;
    }
    throw new Error("it never holds");
  }

  it.each([
    0, 5, 24, 26, 36, 49, 51, 59,
  ])("is noticed within two minutes, and its pods replaced: tick at second %s", async (offset) => {
    cluster = await startQueuedCluster({ controllers: [...controllers, scheduler], health: copy() });
    await cluster.settle();
    await addNode("dead");
    const tolerations = ["not-ready", "unreachable"].map((name) => ({
      key: `node.kubernetes.io/${name}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 5,
    }));
    const containers = [{ name: "c", image: "i" }];
    const template = { metadata: { labels: { app: "web" } }, spec: { tolerations, containers } };
    await cluster.client.create(deployments, {
      metadata: { name: "web", namespace: "default" },
      spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, template },
    });
    await cluster.settle();
    const [first] = await cluster.all(pods, "default");
    expect(first.spec.nodeName).toBe("dead");
    await addNode("alive");
    await cluster.settle();
    const noticed = await secondsUntil(async () => (await ready("dead")) === "Unknown", offset, "alive");
    expect(noticed).toBeGreaterThan(50);
    expect(noticed).toBeLessThanOrEqual(120);
    const replaced = async () => (await cluster.all(pods, "default")).some(({ spec }) => spec.nodeName === "alive");
    expect(await secondsUntil(replaced, offset + noticed, "alive")).toBeLessThanOrEqual(60);
    expect(await ready("alive")).toBe("True");
    expect(cluster.errors).toEqual([]);
  });
});
