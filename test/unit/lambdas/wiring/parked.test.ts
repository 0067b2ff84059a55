/** What λ dispatch can't do for one cluster waits in the delays' queue, while the shard goes on. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { reconcileBootstrap } from "../../../../lambdas/wiring/cluster.ts";
import { Dispatcher } from "../../../../lambdas/wiring/dispatcher.ts";
import type { Loops } from "../../../../lambdas/wiring/loops.ts";
import { createNodeHealth } from "../../../../lib/aws/nodes/health.ts";
import type { BatchResponse, SqsRecord } from "../../../../lib/aws/sqs/event.ts";
import type { StreamRecord } from "../../../../lib/aws/stream/log-records.ts";
import { parseKeyMessage, parseParked } from "../../../../lib/controllers/queued/messages.ts";
import type { NodeNudges } from "../../../../lib/nodes/nudges.ts";
import { configmaps, leases, pods, serviceaccounts, services } from "../../../../lib/openapi/types/resources.ts";
import { CloudLoops } from "../../../support/cloud-loops.ts";

let cloud: CloudLoops;

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  cloud = new CloudLoops();
  await cloud.finish(reconcileBootstrap(cloud.newCluster()));
  const Records = cloud.records();
  expect(await failed(newDispatcher().stream({ Records }))).toEqual([]);
  cloud.sent.length = 0;
});

const namespace = "default";
const addMap = (name: string) =>
  cloud.client.create(configmaps, { metadata: { name, namespace }, data: { word: "hunter2" } });
const failed = async (answer: Promise<BatchResponse>) =>
  (await cloud.finish(answer)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
const parkedOf = ({ body }: Pick<SqsRecord, "body">) => parseParked(body) ?? expect.fail("it is not parked");

/** Of the cluster "other" too, which is opened as `get` says. */
function newDispatcher(get?: () => Promise<never>, nudges?: NodeNudges): Dispatcher {
  const real = cloud.newLoops();
  const loops = new Proxy(real, {
    get(_, name) {
      if (name === "names") return ["default", "other"];
      if (name === "get") return (cluster: string) => (cluster === "other" && get ? get() : real.get(cluster));
      const value: unknown = Reflect.get(real, name);
      return typeof value === "function" ? value.bind(real) : value;
    },
  }) as Loops;
  return new Dispatcher({
    loops,
    failuresQueueUrl: "failures",
    clock: cloud.clock,
    ...(nudges === undefined ? {} : { nudges }),
  });
}

/** The same entry in the log of the cluster "other". */
function ofOther(record: StreamRecord): StreamRecord {
  const { NewImage = {} } = record.dynamodb ?? {};
  const pk = { S: String(NewImage.pk.S).replace("default/", "other/") };
  return { ...record, dynamodb: { ...record.dynamodb, NewImage: { ...NewImage, pk } } };
}

/** All wake-ups that were sent, without order. */
const wokenNow = () => {
  const sent = [...cloud.take("controllers"), ...cloud.take("scheduler")];
  return sent.map(({ body }) => body).sort();
};

describe("a cluster that fails", () => {
  it("is parked by its entries' places, and the others of the shard go on", async () => {
    await addMap("a");
    await cloud.client.create(services, { metadata: { name: "web", namespace }, spec: { ports: [{ port: 80 }] } });
    const at = cloud.clock.now();
    const Records = cloud.records();
    const [map] = Records;
    const get = async () => {
      throw new Error("its partition of the table is throttled");
    };
    expect(await failed(newDispatcher(get).stream({ Records: [ofOther(map), ...Records] }))).toEqual([]);
    const [parked, ...more] = cloud.take("delays");
    expect(more).toEqual([]);
    const revision = Number(map.dynamodb?.NewImage?.r?.N);
    const entries = [{ collection: "/configmaps", revision, at: Math.floor(at / 1000) * 1000 }];
    expect(parkedOf(parked)).toEqual({ cluster: "other", entries, attempt: 1 });
    expect(parked.body).not.toContain("hunter2");
    expect(wokenNow().join()).toContain("default/web");
  });

  it("is waited for by all others only once, where it does not answer", async () => {
    await addMap("a");
    const [record] = cloud.records();
    let asked = 0;
    const dispatcher = newDispatcher(() => {
      asked++;
      return new Promise(() => {});
    });
    const tookMs = async () => {
      const begin = cloud.clock.now();
      expect(await failed(dispatcher.stream({ Records: [ofOther(record)] }, 30_000))).toEqual([]);
      return cloud.clock.now() - begin;
    };
    expect(await tookMs()).toBeLessThan(16_000);
    expect(await tookMs()).toBeLessThan(100);
    expect(cloud.take("delays").length).toBe(2);
    await cloud.clock.advance(15_000);
    // Now it is given another chance.
    expect(await tookMs()).toBeGreaterThan(14_000);
    expect(asked).toBe(1);
  });

  it("leaves time for parking before the invocation ends", async () => {
    await addMap("a");
    const Records = cloud.records().map(ofOther);
    const begin = cloud.clock.now();
    expect(await failed(newDispatcher(() => new Promise(() => {})).stream({ Records }, 9_000))).toEqual([]);
    expect(cloud.clock.now() - begin).toBeLessThan(5_000);
    expect(cloud.take("delays").length).toBe(1);
  });
});

describe("parked entries", () => {
  /** Changes of every sort, in a batch that could not be dispatched. */
  async function park(): Promise<{ parked: SqsRecord; Records: StreamRecord[] }> {
    const spec = { selector: { a: "b" }, ports: [{ port: 80 }] };
    await cloud.client.create(services, { metadata: { name: "web", namespace }, spec });
    await cloud.client.create(serviceaccounts, { metadata: { name: "default", namespace } });
    const metadata = { name: "p", namespace, labels: { a: "b" } };
    await cloud.client.create(pods, { metadata, spec: { containers: [{ name: "c", image: "i" }] } });
    await cloud.client.patch(pods, { name: "p", namespace }, "merge", { metadata: { labels: { a: "other" } } });
    await addMap("a");
    await cloud.client.delete(configmaps, { name: "a", namespace });
    const owner = { apiVersion: "v1", kind: "Node", name: "n1", uid: "node-uid" };
    const place = { namespace: "kube-node-lease", name: "n1" };
    await cloud.client.create(leases, { metadata: { ...place, ownerReferences: [owner] }, spec: {} });
    const Records = cloud.records();
    cloud.beforeSend = (url) => {
      if (url !== "delays") throw new Error("the queue is full");
    };
    expect(await failed(newDispatcher().stream({ Records }))).toEqual([]);
    cloud.beforeSend = undefined;
    const [parked] = cloud.take("delays");
    return { parked, Records };
  }

  it("wake the same as they would have, from the table, in any order, long after", async () => {
    const { parked, Records } = await park();
    expect(await failed(newDispatcher().stream({ Records }))).toEqual([]);
    const want = wokenNow();
    expect(want.length).toBeGreaterThan(5);
    const at = Math.floor(cloud.clock.now() / 1000) * 1000;
    await cloud.clock.advance(1_200_000);
    await addMap("later");
    const { entries, ...rest } = parkedOf(parked);
    const reversed = { ...parked, body: JSON.stringify({ ...rest, entries: entries.toReversed() }) };
    for (const message of [parked, reversed, parked]) {
      expect(await failed(newDispatcher().delays({ Records: [message] }))).toEqual([]);
      expect(wokenNow()).toEqual(want);
    }
    const woken = want.map((body) => JSON.parse(body)).filter(({ controller }) => controller !== undefined);
    expect(woken.map((one) => parseKeyMessage(JSON.stringify(one)))).toContainEqual(
      expect.objectContaining({ controller: "endpointslice-controller", key: "default/web", collection: "/pods" }),
    );
    const health = await createNodeHealth(cloud.table, "default").list();
    expect(health).toEqual([{ node: "n1", uid: "node-uid", heardAt: at }]);
  });

  it("that are gone, or of a cluster that is served no more, are forgotten", async () => {
    const entries = [{ collection: "/configmaps", revision: 10 ** 6, at: 0 }];
    const message = (cluster: string, messageId: string) => ({
      messageId,
      body: JSON.stringify({ cluster, entries, attempt: 1 }),
      eventSource: "aws:sqs",
      eventSourceARN: "",
      attributes: {},
    });
    const Records = [message("default", "gone"), message("elsewhere", "elsewhere")];
    expect(await failed(newDispatcher().delays({ Records }))).toEqual([]);
    expect(cloud.sent).toEqual([]);
  });

  it("that can't be read are set aside by their places", async () => {
    const { parked } = await park();
    const { entries } = parkedOf(parked);
    const [entry] = entries.filter(({ collection }) => collection === "/configmaps");
    const item = cloud.table.items.all().find(({ pk, r }) => {
      return pk.startsWith("default//configmaps#log#") && r === entry.revision;
    });
    if (item === undefined) return expect.fail("the log lacks the entry");
    await cloud.table.write({ put: { ...item, d: '["hunter2"]' } });
    expect(await failed(newDispatcher().delays({ Records: [parked] }))).toEqual([]);
    const [aside, ...more] = cloud.take("failures");
    expect(more).toEqual([]);
    expect(JSON.parse(aside.body)).toMatchObject({ cluster: "default", ...entry });
    expect(aside.body).not.toContain("hunter2");
    expect(wokenNow().join()).toContain("default/web");
  });

  it("are halved until what is to blame stands alone, and are in the end a dead letter", async () => {
    const told = new Set<string>();
    const nudges: NodeNudges = {
      prepare: () => {},
      async changed(_, entries) {
        if (entries.some(({ key }) => key === "default/poison")) throw new Error("it fails whatever is done");
        for (const { key } of entries) told.add(key);
      },
    };
    const names = Array.from({ length: 20 }, (_, n) => `m${n}`);
    for (const name of [...names, "poison"]) await addMap(name);
    const dispatcher = newDispatcher(undefined, nudges);
    expect(await failed(dispatcher.stream({ Records: cloud.records() }))).toEqual([]);
    expect(told.size).toBe(0);
    const delays: number[] = [];
    let alone: SqsRecord | undefined;
    for (let round = 0; alone === undefined; round++) {
      expect(round).toBeLessThan(15);
      delays.push(Math.max(...cloud.sent.filter(({ url }) => url === "delays").map((one) => one.delaySeconds ?? 0)));
      for (const message of cloud.take("delays")) {
        if ((await failed(dispatcher.delays({ Records: [message] }))).length > 0) alone = message;
      }
    }
    expect([...told].sort()).toEqual(names.map((name) => `default/${name}`).sort());
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    expect(parkedOf(alone).entries.length).toBe(1);
    // Its receives end it: nothing of it is sent on.
    expect(await failed(dispatcher.delays({ Records: [alone] }))).toEqual([alone.messageId]);
    expect(cloud.take("delays")).toEqual([]);
  });

  it("are kept where they can't be parked again", async () => {
    const { parked } = await park();
    cloud.beforeSend = () => {
      throw new Error("the queue is full");
    };
    expect(await failed(newDispatcher().delays({ Records: [parked] }))).toEqual([parked.messageId]);
  });
});
