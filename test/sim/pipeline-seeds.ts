/** Many runs of the pipeline's simulation, and what was seen in all of them. */
import { type RunOptions, type RunSummary, runSeed } from "./pipeline-run.ts";

/** What came of some seeds. */
export interface SeedResults {
  /** Each with its seed. */
  readonly failures: readonly string[];
  readonly totals: Readonly<Record<keyof RunSummary, number>>;
}

/** Runs seeds; PIPELINE_SEED in the environment has only that one run. */
export async function runSeeds(from: number, count: number, options: RunOptions = {}): Promise<SeedResults> {
  const failures: string[] = [];
  const totals = {
    steps: 0,
    invocations: 0,
    crashes: 0,
    coldStarts: 0,
    failedBatches: 0,
    repeated: 0,
    deadLetters: 0,
    recoveryMs: 0,
  };
  for (let seed = from; seed < from + count; seed++) {
    try {
      const summary = await runSeed(seed, options);
      for (const name of Object.keys(totals) as (keyof RunSummary)[]) totals[name] += summary[name];
    } catch (error) {
      failures.push(`seed ${seed}: ${(error as Error).message}`);
    }
  }
  return { failures, totals };
}

/** Seeds until one fails; gives what is wrong then, and "" where none fails. */
export async function firstFailure(count: number, options: RunOptions): Promise<string> {
  for (let seed = 1; seed <= count; seed++) {
    const { failures } = await runSeeds(seed, 1, options);
    if (failures.length > 0) return failures.join("\n");
  }
  return "";
}
