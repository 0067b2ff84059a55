import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { aloneOnMachine } from "../../../../agent/network/alone.ts";

it("works of one name take turns", async () => {
  const name = `test-${randomUUID()}`;
  let busy = 0;
  const most: number[] = [];
  const work = async () => {
    busy++;
    most.push(busy);
    await new Promise((resolve) => setImmediate(resolve));
    busy--;
    return most.length;
  };
  const results = await Promise.all(Array.from({ length: 8 }, () => aloneOnMachine(name, work)));
  expect(most).toEqual(Array(8).fill(1));
  expect(results.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

it("works of other names do not wait", async () => {
  const name = `test-${randomUUID()}`;
  const inner = () => aloneOnMachine(`${name}-inner`, async () => "both");
  expect(await aloneOnMachine(name, inner)).toBe("both");
});

it("a work that fails lets the next one go", async () => {
  const name = `test-${randomUUID()}`;
  const failing = aloneOnMachine(name, () => Promise.reject(new Error("no")));
  const next = aloneOnMachine(name, async () => "done");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("done");
});
