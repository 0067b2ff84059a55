import { expect, it } from "vitest";
import { inTime, NotDone } from "../../../../lambdas/wiring/in-time.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

it("gives what is done in time, and what fails in time fails", async () => {
  const clock = new FakeClock();
  expect(await inTime(clock, clock.now() + 1_000, Promise.resolve(7))).toBe(7);
  await expect(inTime(clock, clock.now() + 1_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

it("waits no longer than that, for what never ends and for what fails later", async () => {
  const clock = new FakeClock();
  let fail = (_: Error) => {};
  const failing = new Promise((_, reject) => {
    fail = reject;
  });
  const late = [new Promise(() => {}), failing].map((work) => inTime(clock, clock.now() + 1_000, work));
  const outcomes = Promise.allSettled(late);
  await clock.advance(1_000);
  fail(new Error("too late to matter"));
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: expect.any(NotDone) });
});

it("has no time for what should be done already", async () => {
  const clock = new FakeClock();
  const waiting = expect(inTime(clock, clock.now() - 1, new Promise(() => {}))).rejects.toThrow(NotDone);
  await clock.advance(0);
  await waiting;
});
