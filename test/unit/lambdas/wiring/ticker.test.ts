import { beforeEach, describe, expect, it, vi } from "vitest";
import { Ticker } from "../../../../lambdas/wiring/ticker.ts";
import { timeText } from "../../../../lib/apimachinery/clock.ts";
import { createNodeHealth } from "../../../../lib/aws/nodes/health.ts";
import { configmaps, namespaces, nodes } from "../../../../lib/openapi/types/resources.ts";
import { CloudLoops } from "../../../support/cloud-loops.ts";

const minuteMs = 60_000;
let cloud: CloudLoops;
let ticker: Ticker;

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  cloud = new CloudLoops();
  ticker = new Ticker(cloud.newLoops(), cloud.clock);
});

/** So many ticks, a minute apart. */
async function minutes(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    await cloud.clock.advance(minuteMs);
    await cloud.finish(ticker.run());
  }
}

const bodies = () => cloud.sent.splice(0).map(({ body }) => JSON.parse(body));

async function addNode(name: string): Promise<string> {
  const { metadata } = await cloud.client.create(nodes, { metadata: { name }, spec: {} });
  const status = { conditions: [{ type: "Ready", status: "True" }] };
  await cloud.client.patch(nodes, { name }, "strategic", { status }, { subresource: "status" });
  return metadata.uid;
}

/** The node's conditions with the time of now. */
async function beat(name: string): Promise<void> {
  const at = timeText(cloud.clock.now());
  const status = { conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: at }] };
  await cloud.client.patch(nodes, { name }, "strategic", { status }, { subresource: "status" });
}

describe("the tick", () => {
  it("fits a fresh cluster out, once", async () => {
    await cloud.finish(ticker.run());
    const names = (await cloud.client.list(namespaces)).items.map(({ metadata }) => metadata.name);
    expect(names).toContain("kube-system");
    const transactions = () => cloud.requests.filter((method) => method === "transact").length;
    const before = transactions();
    await minutes(2);
    expect(transactions()).toBe(before);
  });

  it("costs an idle cluster three or four cheap reads a minute, and wakes nobody", async () => {
    // What a fresh cluster's history leaves to be done is over by then.
    await minutes(131);
    cloud.sent.length = 0;
    cloud.requests.length = 0;
    cloud.readUnits = 0;
    await minutes(60);
    expect(cloud.sent).toEqual([]);
    const reads = cloud.requests.filter((method) => method === "getMany" || method === "query" || method === "get");
    expect(reads.length).toBe(cloud.requests.length);
    expect(cloud.requests.length / 60).toBeLessThan(3.5);
    expect(cloud.readUnits / 60).toBeLessThan(4);
  });

  it("costs an idle node little more, though its heartbeats are written each five minutes", async () => {
    const uid = await addNode("n");
    const health = createNodeHealth(cloud.table, "default");
    const hour = async () => {
      for (let minute = 0; minute < 60; minute++) {
        await health.heard({ node: "n", uid, heardAt: cloud.clock.now() + minuteMs - 5_000 }, Number.POSITIVE_INFINITY);
        if (minute % 5 === 0) await beat("n");
        await minutes(1);
      }
    };
    await hour();
    await hour();
    cloud.sent.length = 0;
    cloud.requests.length = 0;
    cloud.readUnits = 0;
    await hour();
    expect(cloud.sent).toEqual([]);
    const writes = cloud.requests.filter((method) => method === "write").length;
    expect(writes / 60).toBeLessThan(0.51);
    expect(cloud.requests.length / 60).toBeLessThan(8);
    expect(cloud.readUnits / 60).toBeLessThan(8);
  });

  it("wakes the node lifecycle for a silent node, now or when its grace ends", async () => {
    await minutes(11);
    cloud.sent.length = 0;
    const health = createNodeHealth(cloud.table, "default");
    for (const [name, agoMs] of [
      ["silent", 60_000],
      ["late", 30_000],
      ["fine", 5_000],
    ] as const) {
      const uid = await addNode(name);
      await health.heard({ node: name, uid, heardAt: cloud.clock.now() + minuteMs - agoMs }, 0);
    }
    await minutes(1);
    const told = cloud.sent.filter(({ body }) => body.includes("node-lifecycle") && !body.includes("collection"));
    expect(
      new Set(told.map(({ url, body, delaySeconds }) => [url, JSON.parse(body).key, delaySeconds].join(" "))),
    ).toEqual(new Set(["delays late 21", "controllers silent "]));
  });

  it("sends what is due, and forgets it only then", async () => {
    await cloud.finish(ticker.run());
    const loops = cloud.newLoops();
    const due = {
      cluster: "default",
      controller: "cronjob-controller",
      key: "a/b",
      dueAt: cloud.clock.now() + minuteMs,
    };
    await loops.dueTimes.put(due);
    await loops.dueTimes.put({ ...due, dueAt: due.dueAt + 3_600_000 });
    cloud.beforeSend = () => {
      throw new Error("full");
    };
    await expect(minutes(1)).rejects.toThrow("of a tick failed");
    cloud.beforeSend = undefined;
    cloud.sent.length = 0;
    await minutes(1);
    expect(bodies().filter(({ controller }) => controller === "cronjob-controller")).toEqual([due]);
    await minutes(1);
    expect(bodies().filter(({ controller }) => controller === "cronjob-controller")).toEqual([]);
  });

  it("wakes keys whose wake-up was lost, within ten minutes", async () => {
    await minutes(11);
    cloud.sent.length = 0;
    await cloud.client.create(namespaces, { metadata: { name: "x" }, spec: {} });
    await minutes(10);
    const keys = bodies().filter(({ key }) => key === "x");
    expect(keys.map(({ controller }) => controller).sort()).toEqual([
      "root-ca-certificate-publisher-controller",
      "serviceaccount-controller",
    ]);
  });

  it("wakes the collector for what it was not woken for, within an hour, and then no more", async () => {
    await minutes(11);
    const owner = await cloud.client.create(configmaps, { metadata: { name: "owner", namespace: "default" } });
    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid };
    for (const name of ["d1", "d2"]) {
      await cloud.client.create(configmaps, { metadata: { name, namespace: "default", ownerReferences: [reference] } });
    }
    await cloud.client.delete(configmaps, { namespace: "default", name: "owner" });
    cloud.sent.length = 0;
    const collected = () =>
      bodies().flatMap(({ controller, key }) => (controller === "garbage-collector-controller" ? [key] : []));
    await minutes(60);
    expect(collected().map((key) => key.split(" ").at(-1))).toEqual(["default/d1", "default/d2"]);
    await minutes(60);
    expect(collected()).toEqual([]);
  });

  it("does all that it can when a part fails, and says so", async () => {
    await minutes(11);
    await cloud.client.create(configmaps, { metadata: { name: "a", namespace: "default" } });
    cloud.requests.length = 0;
    let glances = 0;
    cloud.beforeRequest = (method) => {
      if (method === "getMany" && ++glances === 1) throw new Error("what nobody expects");
    };
    await expect(minutes(1)).rejects.toThrow("1 parts of a tick failed");
    expect(glances).toBeGreaterThan(1);
    expect(cloud.requests).toContain("query");
  });
});
