import { beforeEach, describe, expect, it } from "vitest";
import { inboxAnnotation, type Nudge, parseNudge } from "../../../../lib/nodes/inbox.ts";
import { createNodeNudges, type NodeNudges, type NudgeEntry } from "../../../../lib/nodes/nudges.ts";
import type { Node, Pod, PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { nodes, pods } from "../../../../lib/openapi/types/resources.ts";
import { FakeApi } from "../../../support/fake-api.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { FakeInformers } from "../../../support/fake-informers.ts";

let api: FakeApi;
let informers: FakeInformers;
let nudges: NodeNudges;
let sent: { inbox: string; nudge: Nudge }[];
let failure: Error | undefined;

beforeEach(() => {
  api = new FakeApi(new FakeClock(), seededRandom(1));
  informers = new FakeInformers(api);
  sent = [];
  failure = undefined;
  nudges = createNodeNudges({
    async send(all) {
      if (failure) throw failure;
      sent.push(...all);
    },
  });
  nudges.prepare(informers);
  for (const name of ["a", "b"]) putNode(name, { [inboxAnnotation]: name });
  putNode("direct", {});
});

function putNode(name: string, annotations: Record<string, string>, status: Node["status"] = {}): Node {
  return api.put(nodes, { apiVersion: "v1", kind: "Node", metadata: { name, annotations }, spec: {}, status });
}

function putPod(name: string, spec: Partial<PodSpec>): Pod {
  const containers = [{ name: "main", image: "app:1" }];
  const metadata = { name, namespace: "shop" };
  return api.put(pods, { apiVersion: "v1", kind: "Pod", metadata, spec: { containers, ...spec } });
}

/** Who was nudged for what since the last call: `a /pods`. */
async function told(...entries: (Partial<NudgeEntry> & { collection: string })[]): Promise<string[]> {
  sent.length = 0;
  const whole = entries.map((entry, index) => ({ key: "shop/x", revision: index + 1, ...entry }));
  await nudges.changed("c", whole, informers);
  return sent.map(({ inbox, nudge }) => `${inbox} ${nudge.collection}`).sort();
}

const on = (node: string) => ({ "spec.nodeName": node });

describe("a change of", () => {
  it("a pod is told to its node, and to the one before", async () => {
    expect(await told({ collection: "/pods", fields: on("a") })).toEqual(["a /pods"]);
    expect(await told({ collection: "/pods", fields: on("b"), previousFields: on("a") })).toEqual([
      "a /pods",
      "b /pods",
    ]);
    expect(await told({ collection: "/pods", fields: {}, previousFields: on("a") })).toEqual(["a /pods"]);
    expect(await told({ collection: "/pods", fields: on("") })).toEqual([]);
    expect(await told({ collection: "/pods", fields: on("direct") })).toEqual([]);
    expect(await told({ collection: "/pods", fields: on("gone") })).toEqual([]);
  });

  it.each([
    "/services",
    "discovery.k8s.io/endpointslices",
  ])("%s is told to all that have an inbox", async (collection) => {
    expect(await told({ collection })).toEqual([`a ${collection}`, `b ${collection}`]);
  });

  it.each([
    ["/configmaps", { containers: [{ name: "m", envFrom: [{ configMapRef: { name: "x" } }] }] }],
    ["/secrets", { volumes: [{ name: "v", projected: { sources: [{ secret: { name: "x" } }] } }] }],
    ["/secrets", { imagePullSecrets: [{ name: "x" }] }],
  ])("%s is told to the nodes of pods that refer to it", async (collection, spec) => {
    expect(await told({ collection })).toEqual([]);
    putPod("web", { nodeName: "a", ...spec } as PodSpec);
    putPod("waiting", spec as PodSpec);
    expect(await told({ collection })).toEqual([`a ${collection}`]);
    expect(await told({ collection, key: "shop/y" }, { collection, key: "other/x" })).toEqual([]);
  });

  it("anything else is told to nobody", async () => {
    expect(await told({ collection: "apps/deployments" }, { collection: "coordination.k8s.io/leases" })).toEqual([]);
  });
});

describe("a Node", () => {
  const ready = (status: "True" | "Unknown", lastHeartbeatTime: string) => ({
    conditions: [{ type: "Ready", status, reason: "R", lastHeartbeatTime }],
  });
  const node = (status: Node["status"], annotations = {}) =>
    putNode("a", { [inboxAnnotation]: "a", ...annotations }, status);
  const change = (old: Node | undefined, object?: Node) => ({
    collection: "/nodes",
    key: "a",
    ...(object ? { object } : {}),
    ...(old ? { old } : {}),
  });

  it("is told of changes of itself, its own heartbeats aside", async () => {
    const first = node(ready("True", "1"));
    const beat = node(ready("True", "2"));
    const silent = node(ready("Unknown", "2"));
    const noted = node(ready("Unknown", "2"), { note: "x" });
    expect(await told(change(first, beat))).toEqual([]);
    expect(await told(change(beat, silent))).toEqual(["a /nodes"]);
    expect(await told(change(silent, noted))).toEqual(["a /nodes"]);
  });

  it("is told where nobody knows what has changed", async () => {
    expect(await told(change(undefined, node(ready("True", "1"))))).toEqual(["a /nodes"]);
    expect(await told(change(undefined))).toEqual(["a /nodes"]);
  });

  it("that could not be told is an error, so that it is told again", async () => {
    failure = new Error("throttled");
    await expect(told(change(undefined, node(ready("Unknown", "1"))))).rejects.toThrow("throttled");
    failure = undefined;
    expect(await told(change(undefined, node(ready("Unknown", "1"))))).toEqual(["a /nodes"]);
  });
});

describe("what nodes read object by object", () => {
  const uses = (...names: string[]) => ({
    nodeName: "a",
    volumes: names.map((name) => ({ name, configMap: { name } })),
  });
  const keys = async (...names: string[]) => {
    await told(...names.map((name) => ({ collection: "/configmaps", key: `shop/${name}` })));
    return sent.map(({ nudge }) => nudge.keys?.toSorted());
  };

  it("is named, as far as the node is concerned, and nothing of what it says", async () => {
    putPod("web", uses("x", "y", "z"));
    expect(await keys("x", "y", "x", "foreign")).toEqual([["shop/x", "shop/y"]]);
    expect(sent[0]?.nudge).toEqual({ collection: "/configmaps", revision: 3, keys: ["shop/x", "shop/y"] });
    await told({ collection: "/pods", fields: on("a") });
    expect(sent[0]?.nudge).toEqual({ collection: "/pods", revision: 1 });
  });

  it("is not named where it is too much for a message", async () => {
    const names = Array.from({ length: 101 }, (_, n) => `settings-${n}`);
    putPod("web", uses(...names));
    expect((await keys(...names.slice(1)))[0]).toHaveLength(100);
    expect(await keys(...names)).toEqual([undefined]);
  });
});

it("of a thousand pods on ten nodes, changed at once with their slices: two messages a node", async () => {
  const names = Array.from({ length: 10 }, (_, n) => `n${n}`);
  for (const name of names) putNode(name, { [inboxAnnotation]: name });
  const ofNodes = Array.from({ length: 1000 }, (_, n) => ({ collection: "/pods", fields: on(names[n % 10] ?? "") }));
  const slices = Array.from({ length: 50 }, () => ({ collection: "discovery.k8s.io/endpointslices" }));
  const all = (await told(...ofNodes, ...slices)).filter((one) => one.startsWith("n"));
  expect(all).toEqual(names.flatMap((name) => [`${name} /pods`, `${name} discovery.k8s.io/endpointslices`]));
});

it("many changes of a collection are one nudge, of the newest revision", async () => {
  await told(
    { collection: "/pods", fields: on("a"), revision: 5 },
    { collection: "/pods", fields: on("a"), revision: 9 },
    { collection: "/pods", fields: on("a"), revision: 7 },
    { collection: "/services", revision: 3 },
  );
  const ofA = sent.filter(({ inbox }) => inbox === "a").map(({ nudge }) => nudge);
  expect(ofA).toEqual([
    { collection: "/pods", revision: 9 },
    { collection: "/services", revision: 3 },
  ]);
});

it.each<[string, Nudge | undefined]>([
  ['{"collection":"/pods","revision":5}', { collection: "/pods", revision: 5 }],
  ['{"collection":"pods","revision":5}', undefined],
  ['{"collection":"/pods","revision":"5"}', undefined],
  ['{"collection":"/secrets","revision":5,"keys":["a/b"]}', { collection: "/secrets", revision: 5, keys: ["a/b"] }],
  ['{"collection":"/secrets","revision":5,"keys":"a/b"}', undefined],
  ['{"collection":"/secrets","revision":5,"keys":[7]}', undefined],
  ["null", undefined],
  ["", undefined],
])("the message %s is read", (text, want) => {
  expect(parseNudge(text)).toEqual(want);
});
