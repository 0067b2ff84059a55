/**
 * The store's algorithm (lib/aws/dynamodb) over a simulated table, by seeds: writers, watchers and listers whose
 * processes crash between any two steps, over a network that delays, repeats and loses requests and replies. To replay
 * one: STORE_SEED=17 npx vitest run test/sim/store.test.ts
 */
import { describe, expect, test } from "vitest";
import type { Switches } from "../../lib/aws/dynamodb/options.ts";
import { everything, type RunSummary, runSeed } from "./store-run.ts";

const seeds = 2_500;
/** One in fifty shows what tombstones are for; the first that does ends the search. */
const seedsSwitchedOff = 500;

/** Runs seeds; returns what was done in all of them, and each failure with its seed. */
async function runSeeds(from: number, count: number, switches: Switches) {
  const failures: string[] = [];
  const totals = { writes: 0, acknowledged: 0, lists: 0, delivered: 0, voids: 0, watches: 0 };
  for (let seed = from; seed < from + count; seed++) {
    try {
      add(totals, await runSeed(seed, switches));
    } catch (error) {
      failures.push(`seed ${seed}: ${(error as Error).message}`);
    }
  }
  return { failures, totals };
}

function add(totals: Record<keyof RunSummary, number>, summary: RunSummary): void {
  for (const name of Object.keys(totals) as (keyof RunSummary)[]) totals[name] += summary[name];
}

describe("the store's algorithm", () => {
  const only = process.env.STORE_SEED;

  test("keeps its promises under every seed", { timeout: 170_000 }, async () => {
    const [from, count] = only === undefined ? [1, seeds] : [Number(only), 1];
    const { failures, totals } = await runSeeds(from, count, everything);
    expect(failures).toEqual([]);
    // The runs are worth something: much was written, read, lost and filled.
    if (only !== undefined) return;
    expect(totals.writes).toBeGreaterThan(10 * count);
    expect(totals.acknowledged).toBeGreaterThan(0.8 * totals.writes);
    expect(totals.lists).toBeGreaterThan(5 * count);
    expect(totals.delivered).toBeGreaterThan(10 * count);
    expect(totals.voids).toBeGreaterThan(count);
    expect(totals.watches).toBeGreaterThan(3 * count);
  });

  test("a seed replays exactly", async () => {
    expect(await runSeed(42, everything)).toEqual(await runSeed(42, everything));
  });

  test.each([
    // A crashed writer's ticket is waited for and never comes.
    { name: "gapFill", want: /settle|nothing moves/ },
    // A create that was late, or a deletion that left no trace: the objects contradict the log.
    { name: "tombstones", want: /the log says/ },
    // An entry that has expired is taken for a gap: a watch misses it.
    { name: "compaction", want: /the log says/ },
  ])("without $name some seed fails", { timeout: 60_000 }, async ({ name, want }) => {
    const switches = { ...everything, [name]: false };
    const failures: string[] = [];
    for (let seed = 1; seed <= seedsSwitchedOff && failures.length === 0; seed++) {
      failures.push(...(await runSeeds(seed, 1, switches)).failures);
    }
    expect(failures.join("\n")).toMatch(want);
  });
});
