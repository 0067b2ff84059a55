import { beforeEach, describe, expect, it } from "vitest";
import { sweepDue } from "../../../../../lib/controllers/queued/due.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";
import { MemoryDueTimes, MemoryQueues } from "../../../../support/queued-cluster.ts";

let clock: FakeClock;
let queues: MemoryQueues;
let times: MemoryDueTimes;
beforeEach(() => {
  clock = new FakeClock();
  queues = new MemoryQueues(clock);
  times = new MemoryDueTimes();
});

const due = (key: string, afterMs: number, cluster = "default") => ({
  cluster,
  controller: "cronjob-controller",
  key,
  dueAt: clock.now() + afterMs,
});

describe("the sweep of due times", () => {
  it("sends what is due until the next one, with the delay that is left", async () => {
    for (const one of [due("late", -5_000), due("soon", 30_000), due("later", 71_000), due("other", 0, "b")]) {
      await times.put(one);
    }
    expect(await sweepDue("default", times, queues, clock)).toBe(2);
    expect(queues.sent.map(({ queue, delaySeconds }) => [queue, delaySeconds])).toEqual([
      ["delays", 0],
      ["delays", 30],
    ]);
    expect(times.all.map(({ key }) => key)).toEqual(["later", "other"]);
  });

  it("goes through many", async () => {
    for (let n = 0; n < 250; n++) await times.put(due(`j${n}`, 0));
    expect(await sweepDue("default", times, queues, clock)).toBe(250);
    expect(times.all).toEqual([]);
  });

  it("forgets nothing that it could not send", async () => {
    await times.put(due("j", 0));
    queues.beforeSend = () => {
      throw new Error("full");
    };
    await expect(sweepDue("default", times, queues, clock)).rejects.toThrow("full");
    expect(times.all.length).toBe(1);
  });
});
