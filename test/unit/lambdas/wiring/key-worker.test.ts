import { beforeEach, describe, expect, it, vi } from "vitest";
import { KeyWorker } from "../../../../lambdas/wiring/key-worker.ts";
import type { Loops } from "../../../../lambdas/wiring/loops.ts";
import {
  MalformedMessage,
  parseDelayMessage,
  parseKeyMessage,
  type Wakeup,
} from "../../../../lib/controllers/queued/messages.ts";
import type { Outcome } from "../../../../lib/controllers/queued/runner.ts";
import { CloudLoops } from "../../../support/cloud-loops.ts";

let cloud: CloudLoops;
let ran: string[];
let flushed: number;
let run: (wakeup: Wakeup) => Promise<Outcome>;
let opens: () => Promise<void>;

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  cloud = new CloudLoops();
  ran = [];
  flushed = 0;
  run = async () => "reconciled";
  opens = async () => {};
});

function worker(deadLettersUrl?: string): KeyWorker {
  const controllers = {
    run: (wakeup: Wakeup) => {
      ran.push(wakeup.key);
      return run(wakeup);
    },
    flush: async () => {
      flushed++;
    },
  };
  const real = cloud.newLoops();
  const loops = {
    names: ["default"],
    get: async () => {
      await opens();
      return { controllers: () => controllers };
    },
    wakeups: real.wakeups.bind(real),
    queues: real.queues,
  } as unknown as Loops;
  return new KeyWorker({ loops, parse: parseKeyMessage, reserveMs: 20_000, clock: cloud.clock, deadLettersUrl });
}

const record = (messageId: string, body: object | string) => ({
  messageId,
  body: typeof body === "string" ? body : JSON.stringify(body),
  eventSource: "aws:sqs",
  eventSourceARN: "",
  attributes: { MessageGroupId: messageId },
});
const wakeup = (key: string, more = {}) => ({ cluster: "default", controller: "job-controller", key, ...more });

async function failures(
  Records: ReturnType<typeof record>[],
  remainingMs = 60_000,
  deadLettersUrl?: string,
): Promise<string[]> {
  const { batchItemFailures } = await cloud.finish(worker(deadLettersUrl).run({ Records }, remainingMs));
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

describe("a batch of keys", () => {
  it("is run, and what was recorded is written before the answer", async () => {
    expect(await failures([record("a", wakeup("x/a")), record("b", wakeup("x/b"))])).toEqual([]);
    expect([ran.sort(), flushed]).toEqual([["x/a", "x/b"], 1]);
  });

  it("gives back what is malformed, or for a cluster that is not served", async () => {
    const Records = [
      record("bad", "{"),
      record("other", wakeup("x/a", { cluster: "other" })),
      record("good", wakeup("x/b")),
    ];
    expect((await failures(Records)).sort()).toEqual(["bad", "other"]);
    expect(ran).toEqual(["x/b"]);
  });

  it("gives back what can't begin in time", async () => {
    expect(await failures([record("a", wakeup("x/a"))], 19_000)).toEqual(["a"]);
    expect(ran).toEqual([]);
  });

  it("gives back what hangs, and that alone", async () => {
    run = ({ key }) => (key === "x/hangs" ? new Promise(() => {}) : Promise.resolve("reconciled"));
    const begun = cloud.clock.now();
    expect(await failures([record("a", wakeup("x/hangs")), record("b", wakeup("x/b"))])).toEqual(["a"]);
    expect(cloud.clock.now() - begun).toBeLessThan(60_000);
  });

  it("sends on what it can't even open the cluster for, so that it never is a dead letter", async () => {
    opens = async () => {
      throw new Error("the table does not answer");
    };
    expect(await failures([record("a", wakeup("x/a", { attempt: 2, collection: "/pods", revision: 3 }))])).toEqual([]);
    const [message] = cloud.take("delays");
    const { attempt, dueAt } = parseDelayMessage(message.body);
    expect([attempt, dueAt]).toEqual([3, cloud.clock.now() + 4_000]);
    expect(message.body).not.toContain("collection");
    cloud.beforeSend = () => {
      throw new Error("the queue is full");
    };
    expect(await failures([record("a", wakeup("x/a"))])).toEqual(["a"]);
  });
});

describe("a malformed message", () => {
  const group = { MessageGroupId: "group" };
  const bad = { ...record("bad", '{"cluster":"default","controller":7}'), attributes: group };
  const good = { ...record("good", wakeup("x/b")), attributes: group };

  it("is a dead letter at once, with its id and what is wrong, and its group goes on", async () => {
    expect(await failures([bad, good], 60_000, "dead-letters")).toEqual([]);
    expect(ran).toEqual(["x/b"]);
    const [{ body, ...rest }, ...more] = cloud.sent;
    expect(more).toEqual([]);
    expect(rest).toEqual({ url: "dead-letters", group: "group", deduplicationId: "bad" });
    expect(JSON.parse(body)).toEqual({ id: "bad", reason: "controller is not what it should be", body: bad.body });
  });

  it("is given back where the queue of dead letters does not take it", async () => {
    cloud.beforeSend = () => {
      throw new Error("the queue is full");
    };
    expect(await failures([bad, good], 60_000, "dead-letters")).toEqual(["bad"]);
    expect(ran).toEqual(["x/b"]);
  });

  it("fits into a message, however long it is", async () => {
    expect(await failures([{ ...bad, body: "\u0000".repeat(250_000) }], 60_000, "dead-letters")).toEqual([]);
    expect(Buffer.byteLength(cloud.sent[0].body)).toBeLessThan(262_144);
  });

  it("is none that asks for what only a newer release has: that may come", async () => {
    run = async () => {
      throw new MalformedMessage("there is no controller of that name");
    };
    const other = record("other", wakeup("x/a", { cluster: "other" }));
    const given = await failures([record("newer", wakeup("x/a")), other], 60_000, "dead-letters");
    expect(given.sort()).toEqual(["newer", "other"]);
    expect(cloud.sent).toEqual([]);
  });
});
