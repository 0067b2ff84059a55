/** One run of the pipeline's simulation: a seed decides the scenario, the faults and all that chance decides. */
import { differences, type EndState, readEndState } from "./pipeline-check.ts";
import { freshTable, SimulatedCloud } from "./pipeline-cloud.ts";
import { calmDown, drawFaults, type PipelineFaults } from "./pipeline-faults.ts";
import { clusterName, type Defects } from "./pipeline-lambdas.ts";
import { localEndState } from "./pipeline-local.ts";
import { makeNoise } from "./pipeline-noise.ts";
import { drawScenario, perform, type Scenario } from "./pipeline-scenario.ts";
import { World } from "./store-world.ts";

/** What happened in a run. */
export interface RunSummary {
  readonly steps: number;
  readonly invocations: number;
  readonly crashes: number;
  readonly coldStarts: number;
  readonly failedBatches: number;
  /** Batches and messages that were done and came again. */
  readonly repeated: number;
  readonly deadLetters: number;
  /** From the end of all faults until the cluster was what it should be (virtual ms). */
  readonly recoveryMs: number;
}

/** How a run differs from the usual. */
export interface RunOptions {
  readonly defects?: Defects;
  /** @default in every second seed */
  readonly hasResync?: boolean;
  /** What goes wrong more, or less, than the seed says. */
  readonly faults?: Partial<PipelineFaults>;
  /** So far are the nodes' clocks off. */
  readonly skewMs?: number;
  /** How long after the last fault a cluster may not be as it should be. @default longer than all sweeps */
  readonly patienceMs?: number;
  /** Told what happens; for looking into a seed. */
  readonly log?: (line: string) => void;
}

/** A cluster that is not as it should be by then will never be: longer than the longest of all back-offs and sweeps. */
const longestMs = 40 * 60_000;
/** It must stay so, though what was sent before may come again. */
const staysMs = 6 * 60_000;
/** What goes on after the last step before the faults end. */
const lastFaultsMs = 60_000;

const fresh = freshTable();

/** Runs a seed. Throws where the cluster does not come to what the local composition comes to. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunSummary> {
  const scenario = drawScenario(new World(seed));
  const want = await localEndState(seed, scenario);
  if (want.problems.length > 0) throw new Error(`the local composition: ${want.problems.join("; ")}`);
  return new Run(seed, scenario, want, options).run(await fresh);
}

class Run {
  readonly #world: World;
  readonly #seed: number;
  readonly #scenario: Scenario;
  readonly #want: EndState;
  readonly #options: RunOptions;

  constructor(seed: number, scenario: Scenario, want: EndState, options: RunOptions) {
    this.#seed = seed;
    this.#world = new World(seed * 7919 + 13);
    this.#scenario = scenario;
    this.#want = want;
    this.#options = options;
  }

  async run({ table, at }: Awaited<ReturnType<typeof freshTable>>): Promise<RunSummary> {
    const world = this.#world;
    const { defects = {}, hasResync = this.#seed % 2 === 0, skewMs = 0, log = () => {} } = this.#options;
    await this.#until(world.sleep(at), at * 2);
    const faults = { ...drawFaults(world), ...this.#options.faults };
    log(`faults ${JSON.stringify(faults)}`);
    const cloud = new SimulatedCloud({ world, faults, defects, hasResync }, table);
    for (const [index, name] of this.#scenario.nodes.entries()) {
      // One is ahead, the next behind.
      const clockSkewMs = skewMs * (index % 2 === 0 ? 1 : -1);
      cloud.addNode({ name, index, startDelayMs: world.integer(100, 3_000), clockSkewMs });
    }
    makeNoise(cloud, faults, cloud.observer);
    this.#trouble(faults);
    const acts = perform(world, this.#scenario, cloud.client, async (name, event) => {
      const agent = cloud.agents.find((one) => one.name === name);
      agent?.[event]();
    });
    await this.#until(acts, 3_600_000);
    log(`all steps are done at ${world.now()}`);
    await this.#until(world.sleep(world.integer(0, lastFaultsMs)), 3_600_000);
    calmDown(faults);
    const calmAt = world.now();
    const took = await this.#until(this.#recover(cloud, log), longestMs * 2);
    const sum = (of: (one: (typeof cloud.functions)[number]) => number) =>
      cloud.functions.reduce((total, one) => total + of(one), 0);
    log(`recovered after ${took} ms, ${world.now() - calmAt} ms with the rest`);
    return {
      steps: this.#scenario.steps.length,
      invocations: sum(({ invocations }) => invocations),
      crashes: sum(({ crashes }) => crashes),
      coldStarts: sum(({ coldStarts }) => coldStarts),
      failedBatches: cloud.stream.failures,
      repeated: cloud.repeated,
      deadLetters: cloud.deadLetters.length,
      recoveryMs: took,
    };
  }

  /** In some runs the cluster's dispatch fails for a while. */
  #trouble(faults: PipelineFaults): void {
    const world = this.#world;
    if (!world.chance(0.2)) return;
    const at = world.integer(0, 30_000);
    world.after(at, () => {
      faults.troubled = clusterName;
    });
    world.after(at + world.integer(1_000, 120_000), () => {
      faults.troubled = "";
    });
  }

  /** Waits until the cluster is as it should be, and sees that it stays so. */
  async #recover(cloud: SimulatedCloud, log: (line: string) => void): Promise<number> {
    const world = this.#world;
    const beginAt = world.now();
    const { patienceMs = longestMs } = this.#options;
    for (let found = ["nothing was looked at"]; found.length > 0; ) {
      await world.sleep(15_000);
      found = cloud.isIdle ? await this.#differences(cloud) : ["not at rest"];
      if (found.length > 0 && world.now() - beginAt > patienceMs) throw new Error(found.join("\n"));
      log(`${world.now() - beginAt}: ${found.join("\n  ")}`);
    }
    const took = world.now() - beginAt;
    await world.sleep(staysMs);
    const since = await this.#differences(cloud);
    if (since.length > 0) throw new Error(`it does not stay so: ${since.join("\n")}`);
    return took;
  }

  async #differences(cloud: SimulatedCloud): Promise<string[]> {
    return [...differences(await readEndState(cloud.observer), this.#want), ...(await cloud.disagreements())];
  }

  async #until<T>(work: Promise<T>, maxMs: number): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    work.then(over, over);
    await this.#world.runUntil(() => isOver, maxMs);
    return work;
  }
}
