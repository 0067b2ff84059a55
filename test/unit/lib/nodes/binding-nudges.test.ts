import { beforeEach, describe, expect, it } from "vitest";
import type { Informers } from "../../../../lib/client/informer.ts";
import type { Client } from "../../../../lib/client/interface.ts";
import { BindingNudges } from "../../../../lib/nodes/binding-nudges.ts";
import { type InboxSender, inboxAnnotation, type Nudge } from "../../../../lib/nodes/inbox.ts";
import { pods } from "../../../../lib/openapi/types/resources.ts";

type Sent = { readonly inbox: string; readonly nudge: Nudge };

const known = new Map(
  ["one", "two", "watching"].map((name) => {
    const annotations = name === "watching" ? {} : { [inboxAnnotation]: `https://sqs/${name}` };
    return [name, { metadata: { name, annotations } }];
  }),
);
let bound: string[];
let sent: Sent[][];
let errors: unknown[];
/** What the queues do. */
let send: InboxSender["send"];
let client: Client;

beforeEach(() => {
  bound = [];
  sent = [];
  errors = [];
  send = async (nudges) => {
    sent.push([...nudges]);
  };
  const plain = {
    list: async () => "listed",
    createSubresource: async (_: unknown, { name }: { name: string }, subresource: string) => {
      if (name === "taken") throw new Error("it is bound already");
      bound.push(`${name}/${subresource}`);
      return { status: "Success" };
    },
  } as unknown as Client;
  const nudges = new BindingNudges({
    sender: { send: (some) => send(some) },
    informers: { get: () => ({ get: (name: string) => known.get(name) }) } as unknown as Informers,
    // The store's at that time: each binding is a change.
    revision: async () => 100 + bound.length,
    onError: (error) => errors.push(error),
  });
  client = nudges.noting(plain);
});

const bind = (name: string, to: string) =>
  client.createSubresource(pods, { namespace: "d", name }, "binding", { target: { kind: "Node", name: to } });

describe("a binding", () => {
  it("is told to its node, at a revision that is no older", async () => {
    expect(await bind("p", "one")).toEqual({ status: "Success" });
    expect(sent).toEqual([[{ inbox: "https://sqs/one", nudge: { collection: "/pods", revision: 101 } }]]);
  });

  it("is told together with those of the same moment", async () => {
    await Promise.all([bind("p", "one"), bind("q", "two"), bind("r", "one")]);
    const nudge = { collection: "/pods", revision: 103 };
    expect(sent).toEqual([["one", "two"].map((name) => ({ inbox: `https://sqs/${name}`, nudge }))]);
  });

  it("is told after those that are being told", async () => {
    const first = Promise.withResolvers<void>();
    send = async (nudges) => {
      sent.push([...nudges]);
      if (sent.length === 1) await first.promise;
    };
    const one = bind("p", "one");
    await expect.poll(() => sent.length).toBe(1);
    const other = bind("q", "one");
    await expect.poll(() => bound.length).toBe(2);
    expect(sent).toHaveLength(1);
    first.resolve();
    await Promise.all([one, other]);
    expect(sent.map(([{ nudge }]) => nudge.revision)).toEqual([101, 102]);
  });

  it("is told to nobody where it failed, and where its node watches for itself", async () => {
    await expect(bind("taken", "one")).rejects.toThrow("it is bound already");
    await bind("p", "watching");
    await bind("p", "unknown");
    expect(sent).toEqual([]);
  });

  it("is a binding also where nobody can be told", async () => {
    send = async () => {
      throw new Error("no queue");
    };
    expect(await bind("p", "one")).toEqual({ status: "Success" });
    expect(errors).toEqual([new Error("no queue")]);
  });
});

it("everything else goes through as it is", async () => {
  await client.createSubresource(pods, { namespace: "d", name: "p" }, "eviction", {});
  expect(await client.list(pods)).toBe("listed");
  expect(bound).toEqual(["p/eviction"]);
  expect(sent).toEqual([]);
});
