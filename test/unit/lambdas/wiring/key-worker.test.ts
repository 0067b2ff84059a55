import { beforeEach, describe, expect, it, vi } from "vitest";
import { KeyWorker } from "../../../../lambdas/wiring/key-worker.ts";
import type { Loops } from "../../../../lambdas/wiring/loops.ts";
import { parseDelayMessage, parseKeyMessage, type Wakeup } from "../../../../lib/controllers/queued/messages.ts";
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

function worker(): KeyWorker {
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
  } as unknown as Loops;
  return new KeyWorker({ loops, parse: parseKeyMessage, reserveMs: 20_000, clock: cloud.clock });
}

const record = (messageId: string, body: object | string) => ({
  messageId,
  body: typeof body === "string" ? body : JSON.stringify(body),
  eventSource: "aws:sqs",
  eventSourceARN: "",
  attributes: { MessageGroupId: messageId },
});
const wakeup = (key: string, more = {}) => ({ cluster: "default", controller: "job-controller", key, ...more });

async function failures(Records: ReturnType<typeof record>[], remainingMs = 60_000): Promise<string[]> {
  const { batchItemFailures } = await cloud.finish(worker().run({ Records }, remainingMs));
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
