import { inspect } from "node:util";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { reconcileBootstrap } from "../../../../lambdas/wiring/cluster.ts";
import { Dispatcher } from "../../../../lambdas/wiring/dispatcher.ts";
import { KeyWorker } from "../../../../lambdas/wiring/key-worker.ts";
import type { Loops } from "../../../../lambdas/wiring/loops.ts";
import { TableBusy } from "../../../../lib/aws/dynamodb/table.ts";
import { createNodeHealth } from "../../../../lib/aws/nodes/health.ts";
import { parseKeyMessage, parseSchedulerMessage } from "../../../../lib/controllers/queued/messages.ts";
import { inboxAnnotation } from "../../../../lib/nodes/inbox.ts";
import { createNodeNudges, type NudgeEntry } from "../../../../lib/nodes/nudges.ts";
import {
  configmaps,
  deployments,
  leases,
  nodes,
  pods,
  secrets,
  services,
} from "../../../../lib/openapi/types/resources.ts";
import { CloudLoops } from "../../../support/cloud-loops.ts";

let cloud: CloudLoops;
let loops: Loops;
let dispatcher: Dispatcher;

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  cloud = new CloudLoops();
  await cloud.finish(reconcileBootstrap(cloud.newCluster()));
  loops = cloud.newLoops();
  dispatcher = new Dispatcher({ loops, clock: cloud.clock });
});

const namespace = "default";
const addMap = (name: string) => cloud.client.create(configmaps, { metadata: { name, namespace }, data: { a: "x" } });
const failed = async (answer: Promise<{ batchItemFailures: readonly { itemIdentifier: string }[] }>) =>
  (await cloud.finish(answer)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

/** Delivers all that can be delivered without time passing. */
async function settle(): Promise<void> {
  const controllers = new KeyWorker({
    loops: cloud.newLoops(),
    parse: parseKeyMessage,
    reserveMs: 0,
    clock: cloud.clock,
  });
  const scheduler = new KeyWorker({
    loops: cloud.newLoops(),
    parse: parseSchedulerMessage,
    reserveMs: 0,
    clock: cloud.clock,
  });
  for (let round = 0; round < 100; round++) {
    const Records = cloud.records();
    if (Records.length > 0) expect(await failed(dispatcher.stream({ Records }))).toEqual([]);
    const keys = cloud.take("controllers");
    const wakes = cloud.take("scheduler");
    if (Records.length + keys.length + wakes.length === 0) return;
    expect(await failed(controllers.run({ Records: keys }, 60_000))).toEqual([]);
    expect(await failed(scheduler.run({ Records: wakes }, 15_000))).toEqual([]);
  }
  throw new Error("it does not come to rest");
}

async function addNode(name: string): Promise<void> {
  await cloud.client.create(nodes, { metadata: { name }, spec: {} });
  const conditions = [{ type: "Ready", status: "True" }];
  const status = { conditions, allocatable: { cpu: "4", memory: "4Gi", pods: "10" } };
  await cloud.client.patch(nodes, { name }, "strategic", { status }, { subresource: "status" });
}

describe("the stream", () => {
  it("makes bound pods of a Deployment, through controllers and scheduler", async () => {
    await settle();
    await addNode("n1");
    await cloud.client.create(deployments, {
      metadata: { name: "web", namespace },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
    });
    await settle();
    const { items } = await cloud.client.list(pods, { namespace });
    expect(items.map(({ spec }) => spec.nodeName)).toEqual(["n1", "n1"]);
  });

  it("gives the same messages when a batch comes twice", async () => {
    await settle();
    await addNode("n1");
    const Records = cloud.records();
    const ids = () => cloud.sent.splice(0).map(({ deduplicationId }) => deduplicationId);
    await dispatcher.stream({ Records });
    const once = ids();
    await dispatcher.stream({ Records });
    expect(once.length).toBeGreaterThan(0);
    expect(ids()).toEqual(once);
    // In another process, which has not seen what was before.
    await new Dispatcher({ loops: cloud.newLoops(), clock: cloud.clock }).stream({ Records });
    expect(ids().sort()).toEqual([...once].sort());
  });

  it("tells nobody that a node has been heard of, and asks for nothing to see that", async () => {
    await settle();
    await addNode("n1");
    const [uid] = (await cloud.client.list(nodes)).items.map(({ metadata }) => metadata.uid);
    const ownerReferences = [{ apiVersion: "v1", kind: "Node", name: "n1", uid }];
    const metadata = { name: "n1", namespace: "kube-node-lease", ownerReferences };
    await cloud.client.create(leases, { metadata, spec: { holderIdentity: "n1" } });
    await settle();
    const nudged: NudgeEntry[] = [];
    const nudges = {
      prepare() {},
      changed: async (_: string, some: readonly NudgeEntry[]) => void nudged.push(...some),
    };
    const told = new Dispatcher({ loops, nudges, clock: cloud.clock });
    const beat = async (at: string) => {
      const status = { conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: at }] };
      await cloud.client.patch(nodes, { name: "n1" }, "strategic", { status }, { subresource: "status" });
      const spec = { renewTime: at.replace("Z", ".000000Z") };
      await cloud.client.patch(leases, { namespace: "kube-node-lease", name: "n1" }, "merge", { spec });
    };
    // What was before is read once, by a process that has not seen it.
    await beat("2026-01-01T00:05:00Z");
    expect(await failed(told.stream({ Records: cloud.records() }))).toEqual([]);
    await cloud.clock.advance(300_000);
    await beat("2026-01-01T00:10:00Z");
    cloud.requests.length = 0;
    expect(await failed(told.stream({ Records: cloud.records() }))).toEqual([]);
    expect({ sent: cloud.sent, nudged }).toEqual({ sent: [], nudged: [] });
    // Of the Lease it is noted that the node lives.
    expect(cloud.requests).toEqual(["write"]);
  });

  it("reads large objects, which lie in chunks", async () => {
    await settle();
    const data = {
      large: Array.from({ length: 60_000 }, (_, n) => String.fromCharCode(33 + ((n * 7919) % 90))).join(""),
    };
    await cloud.client.create(configmaps, { metadata: { name: "large", namespace }, data });
    expect(await failed(dispatcher.stream({ Records: cloud.records() }))).toEqual([]);
  });

  it("sets a record aside that can't be read, and goes on with the others", async () => {
    await settle();
    const withQueue = new Dispatcher({ loops, failuresQueueUrl: "failures", clock: cloud.clock });
    await addNode("n1");
    const [record, ...rest] = cloud.records();
    const { NewImage = {} } = record.dynamodb ?? {};
    const broken = { ...record, dynamodb: { ...record.dynamodb, NewImage: { ...NewImage, d: { B: "c2VjcmV0" } } } };
    expect(await failed(withQueue.stream({ Records: [broken, ...rest] }))).toEqual([]);
    const [aside] = cloud.take("failures");
    expect(JSON.parse(aside.body)).toMatchObject({ eventID: record.eventID, pk: NewImage.pk.S });
    expect(aside.body).not.toContain("c2VjcmV0");
    expect(cloud.take("scheduler").length).toBeGreaterThan(0);
    // Without such a queue Lambda is told which it is.
    expect(await failed(dispatcher.stream({ Records: [broken, ...rest] }))).toEqual([broken.dynamodb.SequenceNumber]);
  });

  it.each([
    ["an object that is none", { S: "[]" }],
    ["no JSON", { S: "{" }],
  ])("sets a record aside that holds %s", async (_, d) => {
    await settle();
    const withQueue = new Dispatcher({ loops, failuresQueueUrl: "failures", clock: cloud.clock });
    await addMap("a");
    const [record] = cloud.records();
    const broken = { ...record, dynamodb: { ...record.dynamodb, NewImage: { ...record.dynamodb?.NewImage, d } } };
    expect(await failed(withQueue.stream({ Records: [broken] }))).toEqual([]);
    expect(cloud.take("failures").length).toBe(1);
  });

  it("knows the version before a change, however old it is, in a new process", async () => {
    await settle();
    const ports = [{ port: 80 }];
    await cloud.client.create(services, {
      metadata: { name: "web", namespace },
      spec: { selector: { a: "b" }, ports },
    });
    const pod = {
      metadata: { name: "p", namespace, labels: { a: "b" } },
      spec: { containers: [{ name: "c", image: "i" }] },
    };
    const { metadata } = await cloud.client.create(pods, pod);
    const { store } = await loops.get("default").then(({ cluster }) => cluster);
    const collection = { cluster: "default", group: "", resource: "pods" };
    for (let n = 0; n < 4; n++) {
      await cloud.client.create(pods, { ...pod, metadata: { name: `other-${n}`, namespace } });
      await settle();
      await cloud.clock.advance(400_000);
    }
    // History does not reach back to it any more.
    expect(await cloud.finish(store.logEntry(collection, Number(metadata.resourceVersion)))).toBeUndefined();
    await cloud.client.patch(pods, { name: "p", namespace }, "merge", { metadata: { labels: { a: "other" } } });
    const next = new Dispatcher({ loops: cloud.newLoops(), clock: cloud.clock });
    expect(await failed(next.stream({ Records: cloud.records() }))).toEqual([]);
    const woken = cloud.take("controllers").map(({ body }) => parseKeyMessage(body));
    expect(woken).toContainEqual(
      expect.objectContaining({ controller: "endpointslice-controller", key: "default/web" }),
    );
  });

  it("leaves alone what is no log entry, and clusters that are not served", async () => {
    await settle();
    await addMap("a");
    const [record] = cloud.records();
    const image = (more: object) => ({
      ...record,
      dynamodb: { ...record.dynamodb, NewImage: { ...record.dynamodb?.NewImage, ...more } },
    });
    const Records = [
      { ...record, eventName: "MODIFY" },
      { ...record, dynamodb: {} },
      image({ t: { S: "void" } }),
      image({ pk: { S: "other//configmaps#log#0" } }),
    ];
    expect(await failed(dispatcher.stream({ Records }))).toEqual([]);
    expect(cloud.sent).toEqual([]);
  });

  it("parks what fails, and goes on: the table is busy, a queue is full", async () => {
    await settle();
    await addNode("n1");
    const Records = cloud.records();
    cloud.beforeSend = (url) => {
      if (url !== "delays") throw new Error("the queue is full");
    };
    expect(await failed(dispatcher.stream({ Records }))).toEqual([]);
    expect(cloud.take("delays").length).toBe(1);
    cloud.beforeSend = undefined;
    cloud.beforeRequest = () => {
      throw new TableBusy("throttled");
    };
    const busy = new Dispatcher({ loops: cloud.newLoops(), clock: cloud.clock });
    expect(await failed(busy.stream({ Records }))).toEqual([]);
    const [parked, ...more] = cloud.take("delays");
    expect(more).toEqual([]);
    cloud.beforeRequest = undefined;
    // The cluster, which was waited for in vain, is left alone for a while.
    await cloud.clock.advance(15_000);
    expect(await failed(busy.delays({ Records: [parked] }))).toEqual([]);
    expect(cloud.take("scheduler").length).toBeGreaterThan(0);
  });

  it("names the first record of what can't even be parked, so that it comes again", async () => {
    await settle();
    await addNode("n1");
    const Records = cloud.records();
    cloud.beforeSend = () => {
      throw new Error("the queue is full");
    };
    expect(await failed(dispatcher.stream({ Records }))).toEqual([Records[0].dynamodb?.SequenceNumber]);
    cloud.beforeSend = undefined;
    expect(await failed(dispatcher.stream({ Records }))).toEqual([]);
    expect(cloud.take("scheduler").length).toBeGreaterThan(0);
  });

  it("notes renewed Leases as signs of life, at the stream's time, and wakes no controller for them", async () => {
    await settle();
    const place = { namespace: "kube-node-lease", name: "n1" };
    const owner = { apiVersion: "v1", kind: "Node", name: "n1", uid: "node-uid" };
    await cloud.client.create(leases, { metadata: { ...place, ownerReferences: [owner] }, spec: {} });
    const at = Math.floor(cloud.clock.now() / 1000) * 1000;
    const Records = cloud.records();
    await cloud.clock.advance(3_600_000);
    await dispatcher.stream({ Records });
    const health = await createNodeHealth(cloud.table, "default").list();
    expect(health).toEqual([{ node: "n1", uid: "node-uid", heardAt: at }]);
    expect(cloud.sent.filter(({ body }) => body.includes("node-lifecycle"))).toEqual([]);
  });

  it("wakes nobody for a node's heartbeat", async () => {
    await settle();
    await addNode("n1");
    await settle();
    const heartbeat = { type: "Ready", lastHeartbeatTime: "2026-01-01T00:05:00Z" };
    const patch = { status: { conditions: [heartbeat] } };
    await cloud.client.patch(nodes, { name: "n1" }, "strategic", patch, { subresource: "status" });
    const Records = cloud.records();
    expect(Records.length).toBe(1);
    expect(await failed(dispatcher.stream({ Records }))).toEqual([]);
    expect(cloud.sent).toEqual([]);
  });

  it("tells nodes of what concerns them, with copies that are as new", async () => {
    await settle();
    const told: NudgeEntry[] = [];
    const nudging = new Dispatcher({
      loops,
      clock: cloud.clock,
      nudges: {
        prepare: (informers) => void informers.get(nodes),
        changed: async (_, entries, informers) => {
          told.push(...entries);
          expect(informers.get(nodes).get("n1")).toBeDefined();
        },
      },
    });
    await addNode("n1");
    await addMap("a");
    await cloud.client.create(leases, { metadata: { namespace, name: "l" }, spec: {} });
    await nudging.stream({ Records: cloud.records() });
    expect(told.map(({ collection, key }) => `${collection} ${key}`)).toEqual([
      "/nodes n1",
      "/nodes n1",
      "/configmaps default/a",
    ]);
  });
});

it("a Secret's content is in no message and in no log", async () => {
  await settle();
  const said: string[] = [];
  vi.mocked(console.error).mockImplementation((...args: unknown[]) => void said.push(inspect(args, { depth: 9 })));
  const data = Buffer.from("top-secret-word").toString("base64");
  await addNode("n1");
  const inbox = "https://sqs.example/coracle-inbox-default-n1";
  await cloud.client.patch(nodes, { name: "n1" }, "merge", { metadata: { annotations: { [inboxAnnotation]: inbox } } });
  const secret = await cloud.client.create(secrets, { metadata: { name: "s", namespace }, data: { word: data } });
  const volumes = [{ name: "v", secret: { secretName: "s" } }];
  const containers = [{ name: "c", image: "i" }];
  await cloud.client.create(pods, {
    metadata: { name: "p", namespace },
    spec: { nodeName: "n1", containers, volumes },
  });
  await cloud.client.update(secrets, { ...secret, stringData: { word: "top-secret-word" } });
  const nudged: string[] = [];
  const sender = {
    async send(all: readonly object[]) {
      nudged.push(...all.map((one) => JSON.stringify(one)));
    },
  };
  const whole = { loops, failuresQueueUrl: "failures", clock: cloud.clock, nudges: createNodeNudges(sender) };
  const Records = cloud.records();
  const broken = Records.filter(({ dynamodb }) => dynamodb?.NewImage?.pk?.S?.includes("/secrets#")).map((record) => {
    const text = `{"data":{"word":"${data}"`;
    return { ...record, dynamodb: { ...record.dynamodb, NewImage: { ...record.dynamodb?.NewImage, d: { S: text } } } };
  });
  expect(await failed(new Dispatcher(whole).stream({ Records: [...Records, ...broken] }))).toEqual([]);
  cloud.beforeSend = () => {
    throw new Error("the queue is full");
  };
  expect(await failed(new Dispatcher(whole).stream({ Records }))).not.toEqual([]);
  expect(nudged.join()).toContain("/secrets");
  expect(cloud.sent.filter(({ url }) => url === "failures").length).toBe(broken.length);
  expect(said.length).toBeGreaterThan(broken.length);
  const all = [...said, ...nudged, ...cloud.sent.map((message) => JSON.stringify(message))].join();
  for (const content of ["top-secret-word", data]) expect(all).not.toContain(content);
});

describe("the delays' queue", () => {
  const record = (messageId: string, body: string) => ({
    messageId,
    body,
    eventSource: "aws:sqs",
    eventSourceARN: "",
    attributes: {},
  });
  const delayed = (afterMs: number) =>
    JSON.stringify({
      cluster: "default",
      controller: "job-controller",
      key: "a/b",
      dueAt: cloud.clock.now() + afterMs,
    });

  it("is passed on: due ones to their queue, early ones back, malformed ones as failures", async () => {
    const Records = [record("due", delayed(0)), record("early", delayed(5_000)), record("bad", "{}")];
    expect(await failed(dispatcher.delays({ Records }))).toEqual(["bad"]);
    expect(cloud.sent.map(({ url, delaySeconds }) => [url, delaySeconds])).toEqual([
      ["controllers", undefined],
      ["delays", 5],
    ]);
  });

  it("keeps what can't be passed on", async () => {
    cloud.beforeSend = (url) => {
      if (url === "controllers") throw new Error("full");
    };
    const Records = [record("due", delayed(0)), record("early", delayed(5_000))];
    expect(await failed(dispatcher.delays({ Records }))).toEqual(["due"]);
  });
});
