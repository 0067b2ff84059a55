import { beforeEach, describe, expect, it } from "vitest";
import { InboxReader } from "../../../../agent/transport/inbox-reader.ts";
import type { Resource } from "../../../../lib/apimachinery/meta.ts";
import { InboxRefused } from "../../../../lib/nodes/inbox.ts";
import { configmaps, pods, services } from "../../../../lib/openapi/types/resources.ts";
import { FakeClock, seededRandom } from "../../../support/fake-clock.ts";
import { FakeInbox } from "./fake-queues.ts";

const minute = 60_000;
let clock: FakeClock;
let inbox: FakeInbox;
let reads: string[];
let errors: string[];
let stopping: AbortController;
let done: Promise<boolean>;
let canRead: Promise<void>;
/** How far the copies have come, by resource. */
let read: Map<string, number>;

beforeEach(async () => {
  clock = new FakeClock();
  inbox = new FakeInbox();
  reads = [];
  errors = [];
  canRead = Promise.resolve();
  read = new Map();
  stopping = new AbortController();
  const reader = new InboxReader({
    clock,
    random: seededRandom(1),
    resources: new Map<string, Resource>([
      ["/pods", pods],
      ["/services", services],
      ["/configmaps", configmaps],
    ]),
    async need(some) {
      reads.push(some?.map(({ resource, keys }) => [resource.resource, ...(keys ?? [])].join(" ")).join("+") ?? "all");
      await canRead;
    },
    isRead: ({ resource }, revision) => revision <= (read.get(resource.resource) ?? 0),
    onError: (error) => errors.push((error as Error).message),
  });
  done = reader.run(inbox, stopping.signal);
  await clock.advance(0);
  return () => stopping.abort();
});

it("everything is read at first, then what the inbox names, once for all messages of a poll", async () => {
  expect(reads).toEqual(["all"]);
  inbox.nudge({ collection: "/pods", revision: 1 });
  inbox.nudge({ collection: "/services", revision: 2 });
  inbox.nudge({ collection: "/pods", revision: 3 });
  await clock.advance(10);
  expect(reads.slice(1).join(" ")).toMatch(/^(pods services|pods\+services|pods services\+pods)$/);
  expect(inbox.waiting).toEqual([]);
});

it("what is named alone is read, unless another message does not name it", async () => {
  inbox.nudge({ collection: "/configmaps", revision: 1, keys: ["a/x"] });
  inbox.nudge({ collection: "/configmaps", revision: 2, keys: ["a/y"] });
  await clock.advance(10);
  inbox.nudge({ collection: "/configmaps", revision: 3, keys: ["a/x"] });
  inbox.nudge({ collection: "/configmaps", revision: 4 });
  await clock.advance(10);
  expect(reads).toEqual(["all", "configmaps a/x a/y", "configmaps"]);
});

it("messages are deleted when what they name has been read, not before", async () => {
  let release = () => {};
  canRead = new Promise((resolve) => {
    release = resolve;
  });
  inbox.nudge({ collection: "/pods", revision: 1 });
  await clock.advance(10 * minute);
  expect([reads, inbox.deleted.length]).toEqual([["all", "pods"], 0]);
  release();
  await clock.advance(10);
  expect(inbox.deleted).toHaveLength(1);
});

it("messages that can't be deleted hold up nothing: they come again, and are known to be read", async () => {
  inbox.failDelete = new Error("throttled");
  inbox.nudge({ collection: "/pods", revision: 1 });
  await clock.advance(10);
  read.set("pods", 1);
  inbox.nudge({ collection: "/services", revision: 2 });
  await clock.advance(10);
  expect(reads).toEqual(["all", "pods", "services"]);
  expect(errors).toEqual(["throttled", "throttled"]);
});

it("a collection that nobody here reads is passed over", async () => {
  inbox.nudge({ collection: "apps/deployments", revision: 1 });
  await clock.advance(10);
  expect([reads, inbox.waiting]).toEqual([["all"], []]);
});

it("what has been read by then is not read again: a message that comes twice, late, or was overtaken", async () => {
  read.set("pods", 7);
  inbox.nudge({ collection: "/pods", revision: 6 });
  inbox.nudge({ collection: "/pods", revision: 7 });
  inbox.nudge({ collection: "/services", revision: 1 });
  await clock.advance(10);
  expect([reads, inbox.waiting]).toEqual([["all", "services"], []]);
  inbox.nudge({ collection: "/pods", revision: 7 });
  await clock.advance(10);
  inbox.nudge({ collection: "/pods", revision: 8 });
  await clock.advance(10);
  expect(reads).toEqual(["all", "services", "pods"]);
});

describe("messages may have been missed", () => {
  it("in the first minute, by a queue that was just made", async () => {
    for (const want of [1, 1, 1, 2, 2, 2, 2, 2]) {
      expect(reads).toHaveLength(want);
      await clock.advance(20_000);
      inbox.endPoll();
      await clock.advance(10);
    }
  });

  it("after a long pause, as when the machine slept", async () => {
    await clock.advance(6 * minute);
    inbox.endPoll();
    await clock.advance(10);
    expect(reads).toEqual(["all", "all"]);
  });

  it.each([
    { name: "half an hour without any", nudge: undefined },
    { name: "half an hour with others: one of another collection may have been lost", nudge: "/services" },
  ])("after $name", async ({ nudge }) => {
    const all = () => reads.filter((one) => one === "all").length;
    for (let polls = 0; polls < 70; polls++) {
      await clock.advance(20_000);
      if (nudge === undefined) inbox.endPoll();
      else inbox.nudge({ collection: nudge, revision: polls });
    }
    await clock.advance(10);
    expect(all()).toBe(2);
    for (let polls = 0; polls < 21; polls++) {
      await clock.advance(20_000);
      inbox.endPoll();
    }
    await clock.advance(10);
    expect(all()).toBe(3);
  });

  it("while the queue can't be asked: everything is read with growing pauses", async () => {
    inbox.failure = new Error("throttled");
    inbox.endPoll();
    await clock.advance(60 * minute);
    const { length } = reads;
    expect(length).toBeGreaterThan(40);
    expect(length).toBeLessThan(150);
    inbox.failure = undefined;
    await clock.advance(2 * minute);
    expect(reads.length).toBeLessThanOrEqual(length + 2);
    inbox.nudge({ collection: "/pods", revision: 1 });
    await clock.advance(10);
    expect(reads.at(-1)).toBe("pods");
  });
});

describe("an inbox that the node may not read", () => {
  const refused = () => {
    inbox.failure = new InboxRefused("denied");
    inbox.endPoll();
  };

  it("is asked on for minutes: a new queue's policy needs a while", async () => {
    for (let round = 0; round < 2; round++) {
      refused();
      await clock.advance(4 * minute);
      inbox.failure = undefined;
      await clock.advance(2 * minute);
      inbox.endPoll();
      await clock.advance(10);
    }
    inbox.nudge({ collection: "/pods", revision: 1 });
    await clock.advance(10);
    expect(reads.at(-1)).toBe("pods");
  });

  it("is given up after that, so that it is made anew", async () => {
    refused();
    await clock.advance(8 * minute);
    expect(await done).toBe(false);
    expect(errors.at(-1)).toBe("denied");
  });
});

it("an inbox that is gone ends it; so does the agent's end", async () => {
  inbox.remove();
  expect(await done).toBe(false);
  const other = new AbortController();
  const reader = new InboxReader({
    clock,
    random: seededRandom(1),
    resources: new Map(),
    need: async () => {},
    isRead: () => false,
    onError: () => {},
  });
  const running = reader.run(new FakeInbox(), other.signal);
  other.abort();
  expect(await running).toBe(true);
});
