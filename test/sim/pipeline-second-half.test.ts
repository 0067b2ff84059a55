/** The other half of the pipeline's seeds (see pipeline.test.ts), in a file of its own for a second processor. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runSeeds } from "./pipeline-seeds.ts";

beforeAll(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterAll(() => vi.restoreAllMocks());

describe.skipIf(process.env.PIPELINE_SEED !== undefined)("the pipeline", () => {
  test("comes to what the local composition comes to, by more seeds", { timeout: 1_500_000 }, async () => {
    const { failures } = await runSeeds(251, 250);
    expect(failures).toEqual([]);
  });
});
