/** What is in the table of nodes' health and of the newest reports. */
import { beforeEach, describe, expect, it } from "vitest";
import { TableBusy } from "../../../../../lib/aws/dynamodb/table.ts";
import { createNodeHealth } from "../../../../../lib/aws/nodes/health.ts";
import { createReportPositions } from "../../../../../lib/aws/nodes/positions.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";
import { memoryTable } from "../../../../support/memory-table.ts";

let table: ReturnType<typeof memoryTable>;
beforeEach(() => {
  table = memoryTable();
});
const throttled = () => {
  table.write = async () => {
    throw new TableBusy("throttled");
  };
};

describe("health", () => {
  const heard = (heardAt: number, node = "n", uid = "u") =>
    createNodeHealth(table, "c").heard({ node, uid, heardAt }, 300_000);

  it("is one small item a node, that goes when the node has been silent for long", async () => {
    await heard(1_000_000);
    const item = table.items.get({ pk: "c#health", sk: "n" });
    expect(item).toEqual({ pk: "c#health", sk: "n", t: "health", at: 1_000_000, uid: "u", x: 1000 + 7 * 86_400 });
  });

  it("is the newest, in whatever order it comes", async () => {
    await heard(2_000_000);
    await heard(1_000_000);
    await heard(2_000_000);
    await heard(5, "m", "v");
    expect(await createNodeHealth(table, "c").list()).toEqual([
      { node: "m", uid: "v", heardAt: 5 },
      { node: "n", uid: "u", heardAt: 2_000_000 },
    ]);
    expect(await createNodeHealth(table, "another").list()).toEqual([]);
  });

  it("says when the Lease is due: at first, then five minutes after it was renewed", async () => {
    const health = createNodeHealth(table, "c");
    expect(await heard(1_000_000)).toBe(true);
    expect(await heard(1_000_001)).toBe(true);
    await health.leaseRenewed("n", 1_000_001);
    expect(await heard(1_300_000)).toBe(false);
    expect(await heard(1_300_001)).toBe(true);
    expect(await heard(1_300_001)).toBe(false);
    expect((await health.list())[0]?.heardAt).toBe(1_300_001);
  });

  it("of hundreds of nodes is listed whole; what is removed is gone", async () => {
    const names = Array.from({ length: 50 }, (_, n) => `n${100 + n}`);
    for (const name of names) await heard(1, name);
    await createNodeHealth(table, "c").remove("n100");
    const listed = await createNodeHealth(table, "c").list();
    expect(listed.map(({ node }) => node)).toEqual(names.slice(1));
  });

  it("that can't be written is an error", async () => {
    throttled();
    await expect(heard(1)).rejects.toBeInstanceOf(TableBusy);
  });
});

describe("the newest report of a pod", () => {
  const clock = new FakeClock();
  const at = (epoch: number, sequence: number) => ({ epoch, sequence });
  const positions = () => createReportPositions(table, "c", clock);

  it("is claimed by the same or a later one, and by no earlier one", async () => {
    const claims = [at(5, 5), at(5, 5), at(5, 4), at(4, 9), at(5, 6), at(6, 1), at(5, 7)];
    const outcomes: boolean[] = [];
    for (const claim of claims) outcomes.push(await positions().claim("n", "u", claim));
    expect(outcomes).toEqual([true, true, false, false, true, true, false]);
    expect(await positions().holds("n", "u", at(6, 1))).toBe(true);
    expect(await positions().holds("n", "u", at(5, 7))).toBe(false);
    expect(await positions().holds("n", "nobody", at(6, 1))).toBe(false);
  });

  it("is not what is noted of a report as a whole: how much of it was taken in", async () => {
    expect(await positions().taken("n", at(5, 5))).toBe(0);
    await positions().noteTaken("n", at(5, 5), 7);
    const others = [
      ["m", at(5, 5)],
      ["n", at(5, 6)],
      ["n", at(6, 5)],
    ] as const;
    for (const [node, report] of others) expect(await positions().taken(node, report)).toBe(0);
    expect(await positions().taken("n", at(5, 5))).toBe(7);
    const [item] = table.items.all();
    expect(Number(item.x) - clock.now() / 1000).toBeGreaterThan(14 * 86_400);
  });

  it("is that of one node: another can't claim it away", async () => {
    await positions().claim("n", "u", at(1, 1));
    await positions().claim("m", "u", at(9, 9));
    expect(await positions().holds("n", "u", at(1, 1))).toBe(true);
  });

  it("is kept for longer than a queue keeps messages, or until it is removed", async () => {
    await positions().claim("n", "u", at(1, 1));
    const item = table.items.get({ pk: "c#reports#n", sk: "u" });
    expect(Number(item?.x) - clock.now() / 1000).toBeGreaterThan(14 * 86_400);
    await positions().remove("n", "u");
    expect(table.items.get({ pk: "c#reports#n", sk: "u" })).toBeUndefined();
  });

  it("that can't be claimed is an error", async () => {
    throttled();
    await expect(positions().claim("n", "u", at(1, 1))).rejects.toBeInstanceOf(TableBusy);
  });
});
