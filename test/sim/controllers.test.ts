import { describe, expect, it, vi } from "vitest";
import { OwnWrites } from "../../lib/controllers/own-writes.ts";
import { simulate } from "./controllers.ts";

const seeds = Number(process.env.SIM_SEEDS ?? 100);

describe("simulation of workloads", () => {
  it(`comes to rest as wanted in ${seeds} runs, and never makes too many pods`, { timeout: 300_000 }, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { problems, surplus } = await simulate(seed);
      expect(problems, `seed ${seed}`).toEqual([]);
      // Even seeds lose answers.
      if (seed % 2 === 1) expect(surplus, `seed ${seed}: pods beyond what was wanted`).toBeLessThanOrEqual(0);
    }
  });

  it("sees it when controllers do not wait for their own writes", { timeout: 300_000 }, async () => {
    const seen = vi.spyOn(OwnWrites.prototype, "seen").mockReturnValue(true);
    try {
      let worst = 0;
      for (let seed = 1; seed <= 41 && worst === 0; seed += 2) worst = (await simulate(seed)).surplus;
      expect(worst).toBeGreaterThan(0);
    } finally {
      seen.mockRestore();
    }
  });
});
