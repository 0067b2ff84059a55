/**
 * The whole pipeline of the cloud in virtual time, by seeds: API, table and stream, dispatch, queues, controllers,
 * scheduler, reports and ticks, as the functions are composed, over services that duplicate, reorder, delay and lose
 * within their guarantees, with functions that die anywhere. In the end the cluster must be what the local composition
 * makes of the same scenario. To replay a seed: PIPELINE_SEED=17 npx vitest run test/sim/pipeline.test.ts
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { RunOptions } from "./pipeline-run.ts";
import { firstFailure, runSeeds } from "./pipeline-seeds.ts";

/** The other half is in pipeline-second-half.test.ts, which runs beside this one. */
const seeds = 250;
const only = process.env.PIPELINE_SEED;

// What the functions log of the faults is expected here.
beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterAll(() => vi.restoreAllMocks());

describe("the pipeline", () => {
  test("comes to what the local composition comes to", { timeout: 1_500_000 }, async () => {
    const [from, count] = only === undefined ? [1, seeds] : [Number(only), 1];
    const { failures, totals } = await runSeeds(from, count);
    expect(failures).toEqual([]);
    if (only !== undefined) return;
    // The runs are worth something: much was done, and much went wrong.
    expect(totals.steps).toBeGreaterThan(6 * count);
    expect(totals.invocations).toBeGreaterThan(200 * count);
    expect(totals.crashes).toBeGreaterThan(count / 2);
    expect(totals.coldStarts).toBeGreaterThan(10 * count);
    // Mostly those of functions that died: what fails for the cluster is parked.
    expect(totals.failedBatches).toBeGreaterThan(count / 4);
    expect(totals.repeated).toBeGreaterThan(count / 2);
  });

  test("does so, too, where the nodes' clocks are a quarter of an hour off", { timeout: 300_000 }, async () => {
    expect((await runSeeds(1, 10, { skewMs: 900_000 })).failures).toEqual([]);
  });

  test("replays a seed exactly", { timeout: 120_000 }, async () => {
    expect(await runSeeds(42, 1)).toEqual(await runSeeds(42, 1));
  });
});

/** Without what mends much of what a defect breaks: the resync, and each half hour all statuses of pods anew. */
const bare = { hasResync: false, patienceMs: 20 * 60_000 };
const defects: { name: string; options: RunOptions; want: RegExp }[] = [
  {
    name: "a batch of the stream that failed is not delivered again",
    options: { ...bare, defects: { dropsFailedBatches: true }, faults: { crash: 0.2 } },
    want: /missing|surplus|rest/,
  },
  {
    name: "what can't be dispatched for a cluster is not parked",
    options: { ...bare, defects: { forgetsParked: true } },
    want: /missing|surplus|rest/,
  },
  {
    name: "the deduplication id of a wake-up has no revision",
    options: { ...bare, defects: { sameDeduplicationId: true } },
    want: /missing|surplus/,
  },
  {
    name: "a report is believed though a later one has been",
    options: {
      ...bare,
      defects: { believesOldReports: true },
      faults: { late: 0.4, repeated: 0.4, lateMs: 12_000 },
    },
    want: /the API says .* the node/,
  },
  {
    name: "what is due later is forgotten",
    options: { ...bare, defects: { forgetsDelays: true } },
    want: /missing|surplus|problem/,
  },
];

describe.skipIf(only !== undefined)("a planted defect is seen", () => {
  test.each(defects)("$name", { timeout: 600_000 }, async ({ options, want }) => {
    expect(await firstFailure(40, options)).toMatch(want);
  });

  test("and no other is: the same faults without a defect do no harm", { timeout: 300_000 }, async () => {
    for (const { options } of defects) {
      const { failures } = await runSeeds(1, 3, { ...options, defects: {} });
      expect(failures).toEqual([]);
    }
  });
});
