import { describe, expect, it } from "vitest";
import { DueTimesTable } from "../../../../../lib/aws/due/due-times.ts";
import { Progress } from "../../../../../lib/aws/due/progress.ts";
import { memoryTable } from "../../../../support/memory-table.ts";

const due = (key: string, dueAt: number, cluster = "default") => ({
  cluster,
  controller: "cronjob-controller",
  key,
  dueAt,
});

describe("due times", () => {
  it("come in their order, until a time, a cluster's alone", async () => {
    const times = new DueTimesTable(memoryTable());
    for (const one of [due("c", 3_000), due("a", 1_000), due("b", 2_000), due("a", 2_001), due("x", 1, "other")]) {
      await times.put(one);
    }
    expect(await times.due("default", 2_000, 10)).toEqual([due("a", 1_000), due("b", 2_000)]);
    expect(await times.due("default", 999, 10)).toEqual([]);
    expect((await times.due("default", 9_999, 1)).map(({ key }) => key)).toEqual(["a"]);
  });

  it("are one for the same key and time, and gone once removed", async () => {
    const times = new DueTimesTable(memoryTable());
    for (let n = 0; n < 2; n++) await times.put(due("a", 1_000));
    await times.put(due("a", 2_000));
    expect((await times.due("default", 9_999, 10)).length).toBe(2);
    for (let n = 0; n < 2; n++) await times.remove(due("a", 1_000));
    expect(await times.due("default", 9_999, 10)).toEqual([due("a", 2_000)]);
  });

  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["another key", JSON.stringify(due("b", 7))],
  ])("that hold %s stand in nobody's way", async (_, d) => {
    const table = memoryTable();
    const times = new DueTimesTable(table);
    await table.write({ put: { pk: "default#due", sk: "000000000000001#c#k", t: "due", d } });
    await times.put(due("a", 1_000));
    await times.due("default", 9_999, 1);
    expect(await times.due("default", 9_999, 1)).toEqual([due("a", 1_000)]);
  });
});

describe("progress", () => {
  it("is found again by another process, by cluster and name", async () => {
    const table = memoryTable();
    await new Progress(table, "default", "resync").save({ "a /pods": 7 });
    expect(await new Progress(table, "default", "resync").load()).toEqual({ "a /pods": 7 });
    expect(await new Progress(table, "other", "resync").load()).toEqual({});
    expect(await new Progress(table, "default", "another").load()).toEqual({});
  });

  it("is as small as what is much the same again and again can be", async () => {
    const table = memoryTable();
    const all = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [`controller-${n % 20} apps/resource-${n % 12}`, 1_000 + n]),
    );
    await new Progress(table, "default", "resync").save(all);
    const [{ d }] = table.items.all();
    expect((d as Uint8Array).length).toBeLessThan(900);
    expect(await new Progress(table, "default", "resync").load()).toEqual(all);
  });

  it("that was written as plain text can be read", async () => {
    const table = memoryTable();
    await table.write({ put: { pk: "default#progress", sk: "resync", d: JSON.stringify({ a: 1 }) } });
    expect(await new Progress(table, "default", "resync").load()).toEqual({ a: 1 });
  });

  it.each(["{", "null", "3", new Uint8Array([1, 2])])("begins again where it can't be read: %s", async (d) => {
    const table = memoryTable();
    await table.write({ put: { pk: "default#progress", sk: "resync", d } });
    expect(await new Progress(table, "default", "resync").load()).toEqual({});
  });
});
