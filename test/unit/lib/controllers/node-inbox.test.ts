import { beforeEach, describe, expect, it } from "vitest";
import { nodeInboxEntry } from "../../../../lib/controllers/node-inbox.ts";
import { type InboxQueues, inboxAnnotation, transportAnnotation } from "../../../../lib/nodes/inbox.ts";
import type { Node } from "../../../../lib/openapi/types/core-v1.ts";
import { nodes } from "../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../support/controller-harness.ts";

/** Queues in memory; `calls` are all but lists. */
class FakeInboxes implements InboxQueues {
  readonly uids = new Set<string>();
  readonly calls: string[] = [];
  failure: Error | undefined;

  async ensure({ name, uid }: { name: string; uid: string }): Promise<string> {
    this.calls.push(`ensure ${name}`);
    if (this.failure) throw this.failure;
    this.uids.add(uid);
    return `https://sqs.example/${uid}`;
  }

  isInbox(url: string, uid: string): boolean {
    return url.endsWith(`/${uid}`);
  }

  async remove(uid: string): Promise<void> {
    this.calls.push(`remove ${uid}`);
    this.uids.delete(uid);
  }

  async list(): Promise<string[]> {
    return [...this.uids];
  }
}

let harness: Harness;
let queues: FakeInboxes;

beforeEach(() => {
  queues = new FakeInboxes();
  harness = startHarness([nodeInboxEntry(queues)]);
  return () => harness.stop();
});

const wanting = { [transportAnnotation]: "sqs" };
const put = (name: string, annotations: Record<string, string> = {}): Node =>
  harness.api.put(nodes, { apiVersion: "v1", kind: "Node", metadata: { name, annotations }, spec: {} });
const annotationsOf = (name: string) =>
  harness.api.all(nodes).find(({ metadata }) => metadata.name === name)?.metadata.annotations;

describe("a node that wants an inbox", () => {
  it("gets one, and its address", async () => {
    const { uid } = put("n", wanting).metadata;
    await harness.settle();
    expect([...queues.uids]).toEqual([uid]);
    expect(annotationsOf("n")).toEqual({ ...wanting, [inboxAnnotation]: `https://sqs.example/${uid}` });
  });

  it("is left alone when its status changes", async () => {
    put("n", wanting);
    await harness.settle();
    const status = { conditions: [{ type: "Ready", status: "True" as const }] };
    await harness.api.patch(nodes, { name: "n" }, "strategic", { status }, { subresource: "status" });
    await harness.settle();
    expect(queues.calls).toEqual(["ensure n"]);
  });

  it("gets it again where its agent says that there is none", async () => {
    const { uid } = put("n", wanting).metadata;
    await harness.settle();
    queues.uids.clear();
    await harness.api.patch(nodes, { name: "n" }, "merge", { metadata: { annotations: { [inboxAnnotation]: null } } });
    await harness.settle();
    expect(annotationsOf("n")?.[inboxAnnotation]).toBe(`https://sqs.example/${uid}`);
    expect([...queues.uids]).toEqual([uid]);
  });

  it.each(["https://sqs.example/another", ""])("is given its own where somebody has written %j", async (url) => {
    const { uid } = put("n", wanting).metadata;
    await harness.settle();
    await harness.api.patch(nodes, { name: "n" }, "merge", { metadata: { annotations: { [inboxAnnotation]: url } } });
    await harness.settle();
    expect(annotationsOf("n")?.[inboxAnnotation]).toBe(`https://sqs.example/${uid}`);
    expect(queues.calls).toEqual(["ensure n", "ensure n"]);
  });

  it("gets it later where SQS does not answer", async () => {
    queues.failure = new Error("throttled");
    put("n", wanting);
    await harness.settle();
    expect(annotationsOf("n")).toEqual(wanting);
    queues.failure = undefined;
    await harness.clock.advance(5_000);
    await harness.settle();
    expect(annotationsOf("n")?.[inboxAnnotation]).toBeDefined();
  });

  it("has it no more when it is gone, or made again", async () => {
    const { uid } = put("n", wanting).metadata;
    await harness.settle();
    harness.api.remove(nodes, { name: "n" });
    const next = put("n", wanting).metadata.uid;
    await harness.settle();
    expect(next).not.toBe(uid);
    expect([...queues.uids]).toEqual([next]);
    harness.api.remove(nodes, { name: "n" });
    await harness.settle();
    expect([...queues.uids]).toEqual([]);
  });

  it("gives it back when it wants none any more", async () => {
    put("n", wanting);
    await harness.settle();
    await harness.api.patch(nodes, { name: "n" }, "merge", {
      metadata: { annotations: { [transportAnnotation]: null } },
    });
    await harness.settle();
    expect([...queues.uids]).toEqual([]);
    expect(annotationsOf("n")).toEqual({});
  });
});

it("nodes of another kind cost no call", async () => {
  put("n");
  await harness.settle();
  expect(queues.calls).toEqual([]);
});

it("an inbox without its Node is swept, in ten minutes at the latest after something else happens", async () => {
  queues.uids.add("gone");
  const { uid } = put("n", wanting).metadata;
  await harness.settle();
  expect([...queues.uids]).toEqual([uid]);
  queues.uids.add("gone again");
  put("m", wanting);
  await harness.settle();
  expect(queues.uids.has("gone again")).toBe(true);
  await harness.clock.advance(600_000);
  put("o", wanting);
  await harness.settle();
  expect(queues.uids.has("gone again")).toBe(false);
  expect(queues.uids.size).toBe(3);
});

it("the inbox of a Node that the copy does not show yet is no orphan", async () => {
  harness.stop();
  queues = new FakeInboxes();
  harness = startHarness([nodeInboxEntry(queues)]);
  const seen = put("n", wanting).metadata.uid;
  const list = queues.list.bind(queues);
  let unseen = "";
  queues.list = async () => {
    unseen ||= put("new", wanting).metadata.uid;
    return [...(await list()), unseen];
  };
  await harness.settle();
  expect(queues.calls).not.toContain(`remove ${unseen}`);
  expect([...queues.uids].sort()).toEqual([seen, unseen].sort());
});
