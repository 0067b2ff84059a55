import { describe, expect, it } from "vitest";
import { WorkQueue } from "../../../../lib/controllers/work-queue.ts";
import { FakeClock, settle } from "../../../support/fake-clock.ts";

function start() {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue(clock) };
}

describe("WorkQueue", () => {
  it("gives each key once, in the order in which they were added", async () => {
    const { queue } = start();
    for (const key of ["a", "b", "a"]) queue.add(key);
    expect([await queue.get(), await queue.get(), queue.length]).toEqual(["a", "b", 0]);
  });

  it("gives a key to one at a time, and again when it was added meanwhile", async () => {
    const { queue } = start();
    queue.add("a");
    await queue.get();
    queue.add("a");
    queue.add("a");
    expect([queue.length, queue.idle]).toEqual([0, false]);
    queue.done("a");
    expect([queue.length, await queue.get()]).toEqual([1, "a"]);
    queue.done("a");
    expect([queue.length, queue.idle]).toEqual([0, true]);
  });

  it("wakes who waits", async () => {
    const { queue } = start();
    const waiting = queue.get();
    queue.add("a");
    expect(await waiting).toBe("a");
    queue.add("a");
    expect(queue.length).toBe(0);
  });

  it("adds later, at the earliest of several times", async () => {
    const { clock, queue } = start();
    queue.addAfter("a", 1000);
    queue.addAfter("a", 5000);
    queue.addAfter("a", 500);
    queue.addAfter("b", 0);
    expect(queue.length).toBe(1);
    await clock.advance(499);
    expect(queue.length).toBe(1);
    await clock.advance(1);
    expect(queue.length).toBe(2);
    await clock.advance(10_000);
    expect([queue.length, clock.sleeping]).toEqual([2, 0]);
  });

  it("doubles the delay with each failure, from 5 ms to 1,000 s, until the key is forgotten", async () => {
    const { clock, queue } = start();
    const delays: number[] = [];
    for (let failure = 0; failure < 20; failure++) {
      const before = clock.now();
      queue.addRateLimited("a");
      while (queue.length === 0) await clock.advance(failure < 10 ? 1 : 5000);
      delays.push(clock.now() - before);
      queue.done((await queue.get()) ?? "");
    }
    expect(delays.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
    expect(delays.at(-1)).toBe(1_000_000);
    expect(queue.failures("a")).toBe(20);
    queue.forget("a");
    const before = clock.now();
    queue.addRateLimited("a");
    while (queue.length === 0) await clock.advance(1);
    expect(clock.now() - before).toBe(5);
  });

  it("gives nothing when it is closed", async () => {
    const { clock, queue } = start();
    const waiting = queue.get();
    queue.addAfter("a", 1000);
    queue.close();
    expect(await waiting).toBeUndefined();
    queue.add("b");
    await clock.advance(2000);
    await settle();
    expect([await queue.get(), queue.length]).toEqual([undefined, 0]);
  });

  it("keeps its order over many keys", async () => {
    const { queue } = start();
    const keys = Array.from({ length: 5000 }, (_, index) => `k${index}`);
    for (const key of keys) queue.add(key);
    const got: (string | undefined)[] = [];
    for (let index = 0; index < keys.length; index++) got.push(await queue.get());
    expect(got).toEqual(keys);
  });
});
