import { beforeEach, describe, expect, it } from "vitest";
import { InboxReader } from "../../../../agent/transport/inbox-reader.ts";
import type { Resource } from "../../../../lib/apimachinery/meta.ts";
import { pods, services } from "../../../../lib/openapi/types/resources.ts";
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

beforeEach(async () => {
  clock = new FakeClock();
  inbox = new FakeInbox();
  reads = [];
  errors = [];
  canRead = Promise.resolve();
  stopping = new AbortController();
  const reader = new InboxReader({
    clock,
    random: seededRandom(1),
    resources: new Map<string, Resource>([
      ["/pods", pods],
      ["/services", services],
    ]),
    async need(some) {
      reads.push(some?.map(({ resource }) => resource).join("+") ?? "all");
      await canRead;
    },
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

it("a collection that nobody here reads is passed over", async () => {
  inbox.nudge({ collection: "apps/deployments", revision: 1 });
  await clock.advance(10);
  expect([reads, inbox.waiting]).toEqual([["all"], []]);
});

describe("messages may have been missed", () => {
  it("after a long pause, as when the machine slept", async () => {
    await clock.advance(6 * minute);
    inbox.endPoll();
    await clock.advance(10);
    expect(reads).toEqual(["all", "all"]);
  });

  it("after half an hour without any", async () => {
    for (let polls = 0; polls < 89; polls++) {
      await clock.advance(20_000);
      inbox.endPoll();
    }
    await clock.advance(10);
    expect(reads).toEqual(["all"]);
    await clock.advance(40_000);
    inbox.endPoll();
    await clock.advance(10);
    expect(reads).toEqual(["all", "all"]);
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

it("an inbox that is gone ends it; so does the agent's end", async () => {
  inbox.remove();
  expect(await done).toBe(false);
  const other = new AbortController();
  const reader = new InboxReader({
    clock,
    random: seededRandom(1),
    resources: new Map(),
    need: async () => {},
    onError: () => {},
  });
  const running = reader.run(new FakeInbox(), other.signal);
  other.abort();
  expect(await running).toBe(true);
});
