import { beforeEach, describe, expect, it } from "vitest";
import { forwardDelay } from "../../../../../lib/controllers/queued/delays.ts";
import { MalformedMessage, parseKeyMessage } from "../../../../../lib/controllers/queued/messages.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";
import { MemoryQueues } from "../../../../support/queued-cluster.ts";

const wakeup = { cluster: "default", controller: "job-controller", key: "default/j" };
let clock: FakeClock;
let queues: MemoryQueues;
beforeEach(() => {
  clock = new FakeClock();
  queues = new MemoryQueues(clock);
});

const body = (afterMs: number, more = {}) => JSON.stringify({ ...wakeup, ...more, dueAt: clock.now() + afterMs });

describe("a message of the delays' queue", () => {
  it("goes into the FIFO queue when it is due, with its attempt", async () => {
    await forwardDelay({ id: "m", body: body(-1, { attempt: 2, collection: "/pods", revision: 3 }) }, queues, clock);
    expect(queues.sent.map(({ queue }) => queue)).toEqual(["controllers"]);
    expect(parseKeyMessage(queues.sent[0].body)).toEqual({ ...wakeup, attempt: 2 });
  });

  it("goes to the scheduler's where it is the scheduler's", async () => {
    await forwardDelay({ id: "m", body: body(0, { controller: "scheduler", key: "pending" }) }, queues, clock);
    expect(queues.sent.map(({ queue, group }) => [queue, group])).toEqual([["scheduler", "default"]]);
  });

  it("wakes once when it comes twice, and again when another one comes", async () => {
    for (const id of ["m", "m", "n"]) await forwardDelay({ id, body: body(0) }, queues, clock);
    expect(queues.waiting.length).toBe(2);
  });

  it("is sent again with the rest of its delay when it is early", async () => {
    await forwardDelay({ id: "m", body: body(1_200_000) }, queues, clock);
    await forwardDelay({ id: "m", body: body(1_500) }, queues, clock);
    expect(queues.sent.map(({ queue, delaySeconds }) => [queue, delaySeconds])).toEqual([
      ["delays", 900],
      ["delays", 2],
    ]);
  });

  it("is refused where it is malformed, and fails where nothing can be sent", async () => {
    await expect(forwardDelay({ id: "m", body: "{}" }, queues, clock)).rejects.toThrow(MalformedMessage);
    queues.beforeSend = () => {
      throw new Error("full");
    };
    await expect(forwardDelay({ id: "m", body: body(0) }, queues, clock)).rejects.toThrow("full");
  });
});
