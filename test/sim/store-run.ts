/** One run of the simulation: a seed decides everything. */
import type { Switches } from "../../lib/aws/dynamodb/options.ts";
import { Notes, Process } from "./store-actors.ts";
import { checkRun } from "./store-check.ts";
import { type Faults, noFaults, SimulatedTable } from "./store-table.ts";
import { World } from "./store-world.ts";

/** The whole algorithm. */
export const everything: Switches = { gapFill: true, tombstones: true, compaction: true };

/** How long all that is asked for may take after the faults have ended, in virtual time. */
const recoveryMs = 300_000;

/** What happened in a run. */
export interface RunSummary {
  readonly writes: number;
  readonly acknowledged: number;
  readonly lists: number;
  readonly delivered: number;
  readonly voids: number;
  readonly watches: number;
}

function faultsOf(world: World): Faults {
  const worst = world.pick([0, 0.01, 0.05, 0.15]);
  const some = () => world.random.number() * worst;
  return { slow: some(), lostRequest: some(), lostReply: some(), repeated: some(), busy: some() };
}

/** Runs a seed. Throws where the store broke a promise. */
export async function runSeed(seed: number, switches: Switches): Promise<RunSummary> {
  const world = new World(seed);
  const table = new SimulatedTable(world);
  const notes = new Notes();
  const options = { switches, partitions: world.integer(1, 3) };
  const processes: Process[] = [];
  const launch = (faults: Faults) => {
    const process = new Process(table, notes, { ...options, faults });
    processes.push(process);
    return process;
  };
  const work = (process: Process, job: () => Promise<void>) => {
    process.start(job);
    // A crash ends whatever the process was doing, between any two steps.
    if (world.chance(0.3)) world.after(world.integer(500, 15_000), () => process.crash());
  };
  const isOver = () => world.now() > 1_000_000 + 45_000;
  const expire = () => {
    table.expire();
    world.after(1_500, expire);
  };
  expire();
  const writers = world.integer(2, 4);
  for (let n = 0; n < writers; n++) {
    const process = launch(faultsOf(world));
    work(process, () => process.writer(`w${n}`, world.integer(4, 10)));
  }
  for (let n = 0; n < 2; n++) {
    const process = launch(faultsOf(world));
    work(process, () => process.watcher());
  }
  const lister = launch(faultsOf(world));
  work(lister, () => lister.lister(5));
  await world.runUntil(isOver, 100_000);
  return finish(world, table, notes, processes, launch(noFaults));
}

/** The faults end; who lives must come to the end of the log, and all that was noted must agree with it. */
async function finish(world: World, table: SimulatedTable, notes: Notes, processes: Process[], fresh: Process) {
  for (const process of processes) process.heal(noFaults);
  let watched = -1;
  let last: number | undefined;
  fresh.start(async () => {
    const { revision } = await fresh.finalList();
    fresh.start(() =>
      fresh.follow(revision, (position) => {
        watched = position;
      }),
    );
    // Long enough for everything superseded to expire.
    await world.sleep(40_000);
    last = (await fresh.finalList()).revision;
    if (last === revision) watched = last;
  });
  await world.runUntil(() => last !== undefined && watched >= last, recoveryMs);
  checkRun(table.history, notes);
  const acknowledged = notes.writes.filter(({ outcome }) => outcome === "acknowledged").length;
  const delivered = notes.watches.reduce((sum, { entries }) => sum + entries.length, 0);
  const voids = [...table.history.values()].filter(({ t }) => t === "void").length;
  const { length: lists } = notes.lists;
  for (const process of processes) process.crash();
  return { writes: notes.writes.length, acknowledged, lists, delivered, voids, watches: notes.watches.length };
}
