/** The whole way there and back: API core → nudge → transport → report → API core. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Registration } from "../../../../agent/node/registration.ts";
import type { SqsTransport } from "../../../../agent/transport/sqs.ts";
import { timeText } from "../../../../lib/apimachinery/clock.ts";
import { InboxRefused } from "../../../../lib/nodes/inbox.ts";
import type { NodeCondition, Pod } from "../../../../lib/openapi/types/core-v1.ts";
import { configmaps, nodes, pods, services } from "../../../../lib/openapi/types/resources.ts";
import { Cloud, nodeName } from "./cloud.ts";

const minute = 60_000;
let cloud: Cloud;
let transport: SqsTransport;
let registration: Registration;
let stopping: AbortController;

beforeEach(async () => {
  cloud = await Cloud.start();
  await startAgent();
});
afterEach(async () => {
  stopping.abort();
  await cloud.stop();
});

async function startAgent(): Promise<void> {
  const { clock } = cloud;
  transport = cloud.transport();
  const one = transport;
  stopping = new AbortController();
  registration = new Registration({
    client: transport.client,
    clock,
    recorder: { event: () => {} },
    nodeName,
    labels: {},
    annotations: transport.nodeAnnotations,
    status: async (before) => ({ capacity: { cpu: "4" }, conditions: [ready(before)] }),
    tell: (node, status) => one.reportNode(node, status),
    onError: (error) => cloud.logs.push(String(error)),
  });
  await registration.register(stopping.signal);
  transport.start(registration);
  void registration.run(stopping.signal);
}

function ready(before: readonly NodeCondition[]): NodeCondition {
  const now = timeText(cloud.clock.now());
  const old = before.find(({ type }) => type === "Ready");
  const lastTransitionTime = old?.status === "True" ? (old.lastTransitionTime ?? now) : now;
  return { type: "Ready", status: "True", reason: "R", message: "m", lastHeartbeatTime: now, lastTransitionTime };
}

const ownPods = () => transport.informers.get(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
const node = () => cloud.admin.get(nodes, { name: nodeName });
const readyOf = async () => (await node()).status?.conditions?.find(({ type }) => type === "Ready");

async function bind(name: string): Promise<Pod> {
  const metadata = { name, namespace: "default" };
  const spec = { nodeName, containers: [{ name: "main", image: "app:1" }] };
  return cloud.admin.create(pods, { apiVersion: "v1", kind: "Pod", metadata, spec });
}

async function hasInbox(): Promise<void> {
  await cloud.eventually(() => expect(cloud.queues.inboxes.size).toBeGreaterThan(0));
}

describe("a pod", () => {
  it("that is bound is heard of, and its status comes back", async () => {
    ownPods();
    await hasInbox();
    const pod = await bind("web");
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
    transport.statuses.set(pod, { phase: "Running", podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] });
    const stored = () => cloud.admin.get(pods, pod.metadata as { namespace: string; name: string });
    await cloud.eventually(async () => expect((await stored()).status?.podIP).toBe("10.0.0.1"));
    await cloud.eventually(() => expect(ownPods().get("default/web")?.status?.phase).toBe("Running"));
    await cloud.admin.delete(pods, placeOf(pod), { gracePeriodSeconds: 30 });
    await cloud.eventually(() => expect(ownPods().get("default/web")?.metadata.deletionTimestamp).toBeDefined());
    transport.statuses.finish(ownPods().get("default/web") as Pod);
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeUndefined());
    expect(cloud.logs).toEqual([]);
  });

  it("that the node was not nudged for is found after half an hour of silence", async () => {
    ownPods();
    await hasInbox();
    await cloud.quiet();
    cloud.losesNudges = true;
    await bind("web");
    for (let passed = 0; passed < 31 * minute; passed += 20_000) {
      await cloud.pass(20_000);
      for (const inbox of cloud.queues.inboxes.values()) inbox.endPoll();
    }
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
  });

  it("is found after a message that nobody understands", async () => {
    ownPods();
    await hasInbox();
    await cloud.quiet();
    cloud.losesNudges = true;
    await bind("web");
    for (const text of ["{", '{"collection":5}', '{"collection":"/pods","revision":"x"}']) {
      for (const inbox of cloud.queues.inboxes.values()) inbox.nudge(text);
    }
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
    for (const inbox of cloud.queues.inboxes.values()) expect(inbox.waiting).toEqual([]);
  });
});

const placeOf = ({ metadata }: Pod) => ({ namespace: metadata.namespace, name: metadata.name });

describe("an idle node", () => {
  it("calls nobody: it waits for its inbox and beats", async () => {
    ownPods();
    transport.informers.get(services);
    await hasInbox();
    await cloud.eventually(async () => expect((await readyOf())?.status).toBe("True"));
    await cloud.quiet();
    cloud.calls.length = 0;
    const reports = cloud.queues.bodies.length;
    await cloud.pass(4 * minute, 10_000);
    expect(cloud.calls).toEqual([]);
    const sent = cloud.queues.sent.slice(reports).flatMap(({ items }) => items.map(({ kind }) => kind));
    expect(sent.filter((kind) => kind === "heartbeat").length).toBeLessThanOrEqual(25);
    expect(sent.filter((kind) => kind === "heartbeat").length).toBeGreaterThanOrEqual(23);
    expect(sent.filter((kind) => kind !== "heartbeat").length).toBeLessThanOrEqual(1);
  });

  it("is not nudged for its own heartbeats", async () => {
    await hasInbox();
    await cloud.eventually(async () => expect((await readyOf())?.status).toBe("True"));
    await cloud.quiet();
    cloud.calls.length = 0;
    const before = (await readyOf())?.lastHeartbeatTime;
    await cloud.pass(7 * minute, 10_000);
    expect((await readyOf())?.lastHeartbeatTime).not.toBe(before);
    await cloud.quiet();
    expect(cloud.calls).toEqual([]);
  });
});

describe("a node with a hundred pods", () => {
  const count = 100;
  const names = Array.from({ length: count }, (_, n) => `web-${n}`);
  const placeIn = (name: string) => ({ namespace: "default", name });

  beforeEach(async () => {
    ownPods();
    transport.informers.get(services);
    await hasInbox();
    await cloud.quiet();
    cloud.calls.length = 0;
  });

  it("that come in one moment reads them in a few calls", async () => {
    await Promise.all(names.map(bind));
    await cloud.eventually(() => expect(ownPods().list()).toHaveLength(count));
    await cloud.quiet();
    expect(cloud.calls.length).toBeLessThanOrEqual(count / 5);
  });

  it("reads nothing for messages that come again, and one thing for one that names it", async () => {
    for (const name of names) {
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: placeIn(name), data: { key: "one" } };
      const volumes = [{ name: "settings", configMap: { name } }];
      const spec = { nodeName, volumes, containers: [{ name: "main", image: "app:1" }] };
      await cloud.admin.create(configmaps, object);
      await cloud.admin.create(pods, { apiVersion: "v1", kind: "Pod", metadata: placeIn(name), spec });
    }
    const copies = names.map((name) => transport.copies.open(configmaps, "default", name, () => {}));
    await Promise.all(copies.map(({ informer }) => informer.synced));
    await cloud.quiet();
    cloud.calls.length = 0;
    await cloud.admin.patch(configmaps, placeIn("web-7"), "merge", { data: { key: "two" } });
    await cloud.eventually(() =>
      expect(copies[7]?.informer.get("default/web-7")).toMatchObject({ data: { key: "two" } }),
    );
    await cloud.quiet();
    expect(cloud.calls).toEqual([expect.stringMatching(/configmaps\?.*metadata.name%3Dweb-7&/)]);
    for (const [url, inbox] of cloud.queues.inboxes) {
      for (const body of inbox.deleted.slice()) cloud.queues.inbox(url).nudge(body);
    }
    await cloud.quiet();
    expect(cloud.calls).toHaveLength(1);
  });
});

describe("what pods refer to", () => {
  const metadata = { name: "settings", namespace: "default" };
  const refer = async () => {
    const spec = {
      nodeName,
      containers: [{ name: "main", image: "app:1", envFrom: [{ configMapRef: { name: "settings" } }] }],
    };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "default" }, spec };
    await cloud.admin.create(configmaps, { apiVersion: "v1", kind: "ConfigMap", metadata, data: { key: "one" } });
    await cloud.admin.create(pods, pod);
  };

  it("is read once, and again after a nudge", async () => {
    await hasInbox();
    await refer();
    const errors: unknown[] = [];
    const copy = transport.copies.open(configmaps, "default", "settings", (error) => errors.push(error));
    await copy.informer.synced;
    const data = () => copy.informer.get("default/settings");
    expect(data()).toMatchObject({ data: { key: "one" } });
    await cloud.admin.patch(configmaps, metadata, "merge", { data: { key: "two" } });
    await cloud.eventually(() => expect(data()).toMatchObject({ data: { key: "two" } }));
    copy.close();
    await cloud.quiet();
    cloud.calls.length = 0;
    await cloud.admin.patch(configmaps, metadata, "merge", { data: { key: "three" } });
    await cloud.quiet();
    expect(cloud.calls.filter((call) => call.includes("configmaps"))).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("and may not be read holds up nothing else", async () => {
    ownPods();
    await hasInbox();
    const errors: Error[] = [];
    const copy = transport.copies.open(configmaps, "default", "foreign", (error) => errors.push(error as Error));
    await cloud.eventually(() => expect(errors[0]?.message).toMatch(/forbidden/));
    await bind("web");
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
    copy.close();
  });
});

describe("faults", () => {
  it("the API is away for an hour: afterwards everything is read again, and said again", async () => {
    ownPods();
    await hasInbox();
    const running = { name: "before", status: { phase: "Running" } };
    transport.statuses.set(await bind("before"), running.status);
    await cloud.quiet();
    cloud.isAway = true;
    cloud.calls.length = 0;
    await bind("web");
    await cloud.pass(60 * minute, 10_000);
    expect(ownPods().get("default/web")).toBeUndefined();
    // Tries with growing pauses: not thousands.
    expect(cloud.calls.length).toBeGreaterThan(60);
    expect(cloud.calls.length).toBeLessThan(1500);
    cloud.losesNudges = true;
    await bind("lost");
    const said = cloud.queues.items.length;
    cloud.isAway = false;
    await cloud.pass(minute, 1000);
    await cloud.eventually(() => expect(ownPods().list()).toHaveLength(3));
    // Reports of that hour may have become dead letters.
    await cloud.eventually(() =>
      expect(cloud.queues.items.slice(said)).toContainEqual(expect.objectContaining(running)),
    );
  });

  it("the API is away for some seconds: nothing is said again", async () => {
    ownPods();
    await hasInbox();
    transport.statuses.set(await bind("before"), { phase: "Running" });
    await cloud.quiet();
    cloud.isAway = true;
    await bind("web");
    await cloud.pass(5_000, 1_000);
    const said = cloud.queues.items.length;
    cloud.isAway = false;
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
    await cloud.pass(minute, 10_000);
    expect(cloud.queues.items.slice(said).filter(({ kind }) => kind === "podStatus")).toEqual([]);
  });

  it("the agent is ended: what it has not told yet it tells before", async () => {
    await hasInbox();
    const pod = await bind("web");
    await cloud.quiet();
    transport.statuses.set(pod, { phase: "Running", message: "last words" });
    await transport.stop();
    await cloud.takeReports();
    expect((await cloud.admin.get(pods, placeOf(pod))).status?.message).toBe("last words");
    expect(cloud.queues.closed).toBe(true);
  });

  it("the agent is ended while the queue does not answer: it ends nevertheless, in seconds", async () => {
    await hasInbox();
    const pod = await bind("web");
    await cloud.quiet();
    cloud.queues.beforeSend = () => new Promise(() => {});
    transport.statuses.set(pod, { phase: "Running" });
    let ended = false;
    const ending = transport.stop().then(() => {
      ended = true;
    });
    await cloud.clock.advance(4_000);
    expect(ended).toBe(false);
    await cloud.clock.advance(1_000);
    await ending;
    cloud.queues.beforeSend = undefined;
  });

  it("the inbox can't be read for an hour: everything is read now and then, and at once afterwards", async () => {
    ownPods();
    await hasInbox();
    await cloud.quiet();
    const [inbox] = cloud.queues.inboxes.values();
    if (inbox === undefined) throw new Error("no inbox");
    inbox.failure = new Error("throttled");
    inbox.endPoll();
    cloud.losesNudges = true;
    await bind("web");
    await cloud.pass(10 * minute, 1000);
    expect(ownPods().get("default/web")).toBeDefined();
    cloud.calls.length = 0;
    await cloud.pass(60 * minute, 10_000);
    expect(cloud.calls.length).toBeLessThan(400);
    await bind("last");
    inbox.failure = undefined;
    await cloud.pass(2 * minute, 1000);
    await cloud.eventually(() => expect(ownPods().get("default/last")).toBeDefined());
  });

  it("the Node is deleted: it is made again, with an inbox of its own", async () => {
    await hasInbox();
    const first = (await node()).metadata.uid;
    await cloud.admin.delete(nodes, { name: nodeName });
    await cloud.eventually(async () => expect((await node()).metadata.uid).not.toBe(first));
    const { uid } = (await node()).metadata;
    await cloud.eventually(() => expect([...cloud.inboxes.keys()]).toEqual([uid]));
    ownPods();
    await bind("web");
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
    await cloud.eventually(async () => expect((await readyOf())?.status).toBe("True"));
    expect(cloud.queues.inboxes.has(`https://sqs.example/${uid}`)).toBe(true);
  });

  it("the inbox is removed by mistake: the control plane is asked for it again", async () => {
    await hasInbox();
    const { uid } = (await node()).metadata;
    const url = `https://sqs.example/${uid}`;
    cloud.queues.inboxes.get(url)?.remove();
    cloud.queues.inboxes.delete(url);
    cloud.inboxes.delete(uid);
    await cloud.eventually(() => expect(cloud.inboxes.has(uid)).toBe(true));
    await cloud.eventually(() => expect(cloud.queues.inboxes.has(url)).toBe(true));
    ownPods();
    await bind("web");
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
  });

  it("the inbox refuses its node, as after a change of roles: it is made anew, which sets its policy", async () => {
    await hasInbox();
    const [inbox] = cloud.queues.inboxes.values();
    if (inbox === undefined) throw new Error("no inbox");
    inbox.failure = new InboxRefused("denied");
    inbox.endPoll();
    const made = cloud.ensured;
    await cloud.pass(4 * minute, 10_000);
    expect(cloud.ensured).toBe(made);
    await cloud.pass(4 * minute, 10_000);
    await cloud.eventually(() => expect(cloud.ensured).toBeGreaterThan(made));
    inbox.failure = undefined;
    ownPods();
    await cloud.pass(2 * minute, 10_000);
    await bind("web");
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
  });

  it("somebody writes another inbox on the Node: it hears of its pods nevertheless", async () => {
    ownPods();
    await hasInbox();
    await cloud.quiet();
    const annotations = { "coracle.dev/inbox": "https://sqs.example/nobody" };
    await cloud.admin.patch(nodes, { name: nodeName }, "merge", { metadata: { annotations } });
    const { uid } = (await node()).metadata;
    const inbox = async () => (await node()).metadata.annotations?.["coracle.dev/inbox"];
    await cloud.eventually(async () => expect(await inbox()).toBe(`https://sqs.example/${uid}`));
    await bind("web");
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
  });

  it("what asks for an inbox is taken off the Node: it is put there again", async () => {
    await hasInbox();
    const annotations = { "coracle.dev/transport": null };
    await cloud.admin.patch(nodes, { name: nodeName }, "merge", { metadata: { annotations } });
    await cloud.eventually(() => expect(cloud.inboxes.size).toBe(0));
    const { uid } = (await node()).metadata;
    cloud.queues.inboxes.clear();
    await cloud.eventually(() => expect([...cloud.inboxes.keys()]).toEqual([uid]));
    ownPods();
    await cloud.eventually(() => expect(cloud.queues.inboxes.size).toBe(1));
    await bind("web");
    await cloud.eventually(() => expect(ownPods().get("default/web")).toBeDefined());
  });

  it("the control plane says that it has not heard of the node: that says all again", async () => {
    await hasInbox();
    const pod = await bind("web");
    transport.statuses.set(pod, { phase: "Running" });
    await cloud.eventually(async () => expect((await readyOf())?.status).toBe("True"));
    await cloud.quiet();
    const before = cloud.queues.items.length;
    const unknown = { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown" };
    const patch = { status: { conditions: [unknown] } };
    await cloud.admin.patch(nodes, { name: nodeName }, "strategic", patch, { subresource: "status" });
    await cloud.eventually(async () => expect((await readyOf())?.status).toBe("True"));
    const again = cloud.queues.items.slice(before).map(({ kind }) => kind);
    expect(again).toContain("podStatus");
  });

  it("two agents claim one name: the one that was started last is believed", async () => {
    await hasInbox();
    const pod = await bind("web");
    const [first, stopFirst] = [transport, stopping];
    await startAgent();
    const message = async () => (await cloud.admin.get(pods, placeOf(pod))).status?.message;
    transport.statuses.set(pod, { phase: "Running", message: "second" });
    await cloud.eventually(async () => expect(await message()).toBe("second"));
    for (const text of ["first", "first again"]) {
      first.statuses.set(pod, { phase: "Failed", message: text });
      await cloud.pass(1000);
    }
    expect(cloud.queues.items).toContainEqual(
      expect.objectContaining({ status: { phase: "Failed", message: "first again" } }),
    );
    expect(await message()).toBe("second");
    stopFirst.abort();
  });

  it("the agent is started again: its first word counts, though the one before said more", async () => {
    await hasInbox();
    const pod = await bind("web");
    for (let n = 0; n < 5; n++) {
      transport.statuses.set(pod, { phase: "Running", message: `${n}` });
      await cloud.pass(1000);
    }
    const message = async () => (await cloud.admin.get(pods, placeOf(pod))).status?.message;
    expect(await message()).toBe("4");
    stopping.abort();
    await transport.stop();
    await startAgent();
    transport.statuses.set(pod, { phase: "Running", message: "new" });
    await cloud.eventually(async () => expect(await message()).toBe("new"));
  });
});
