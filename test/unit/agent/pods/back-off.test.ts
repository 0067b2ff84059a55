import { expect, it } from "vitest";
import { BackOff, durationText } from "../../../../agent/pods/back-off.ts";

it("doubles to its limit, and is forgotten after a quiet time", () => {
  const backOff = new BackOff(10_000, 300_000);
  const delays: number[] = [];
  let at = 1_000_000;
  for (let index = 0; index < 8; index++) {
    backOff.next("k", at);
    delays.push(backOff.get("k") / 1000);
    at += backOff.get("k");
  }
  expect(delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
  expect(backOff.until("k", at, at + 299_999)).toBe(at + 300_000);
  expect(backOff.until("k", at, at + 300_000)).toBeUndefined();
  backOff.next("k", at + 600_001);
  expect(backOff.get("k")).toBe(10_000);
});

it("lets a container that ran long start again at once", () => {
  const backOff = new BackOff(10_000, 300_000);
  backOff.next("k", 0);
  expect(backOff.until("k", 700_000, 700_001)).toBeUndefined();
});

it("forgets by prefix", () => {
  const backOff = new BackOff(10, 100);
  backOff.next("a/x", 0);
  backOff.next("b/x", 0);
  backOff.forget("a/");
  expect([backOff.get("a/x"), backOff.get("b/x")]).toEqual([0, 10]);
});

it.each([
  [10_000, "10s"],
  [80_000, "1m20s"],
  [300_000, "5m0s"],
  [3_661_000, "1h1m1s"],
])("%i ms is %s", (ms, want) => {
  expect(durationText(ms)).toBe(want);
});
