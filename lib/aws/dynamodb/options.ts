/** The store's times and switches. */
import { type Clock, type Random, systemClock, systemRandom } from "../../apimachinery/clock.ts";
import { StoreUnavailable } from "../../storage/interface.ts";
import { OutcomeUnknown, TableBusy, TableUnusable } from "./table.ts";

/** Parts of the algorithm that the simulation switches off to see that it notices. */
export interface Switches {
  readonly gapFill: boolean;
  readonly tombstones: boolean;
  readonly compaction: boolean;
}

/** All in milliseconds. */
export interface Times {
  /** A writer gives its ticket up after this. */
  readonly giveUpMs: number;
  /** How long a missing ticket is waited for; doubles up to `maxGraceMs` while voids keep happening. */
  readonly graceMs: number;
  readonly maxGraceMs: number;
  /** A prefix proved this long ago is written down as stable. */
  readonly stableAfterMs: number;
  /** How long superseded versions stay readable. */
  readonly historyMs: number;
  /** After its expiry an entry is kept this much longer, so that `compacted` is ahead of DynamoDB's TTL. */
  readonly expirySlackMs: number;
  /** A tombstone is kept at least this long after `giveUpMs`. */
  readonly tombstoneSlackMs: number;
  /** A watch polls between so often ... */
  readonly minPollMs: number;
  /** ... and so often. */
  readonly maxPollMs: number;
}

/** What the driver's parts share. */
export interface Settings {
  readonly clock: Clock;
  readonly random: Random;
  readonly times: Times;
  readonly switches: Switches;
  /** Over how many partitions a new collection's log is spread. */
  readonly partitions: (resource: string) => number;
}

/** What is used where nothing else is said. */
export const defaultTimes: Times = {
  giveUpMs: 10_000,
  graceMs: 500,
  maxGraceMs: 8_000,
  stableAfterMs: 1_000,
  historyMs: 300_000,
  expirySlackMs: 86_400_000,
  tombstoneSlackMs: 60_000,
  minPollMs: 25,
  maxPollMs: 1_000,
};

/** Settings with defaults. */
export function settingsOf(given: Partial<Omit<Settings, "times">> & { times?: Partial<Times> | undefined }): Settings {
  return {
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
    times: { ...defaultTimes, ...given.times },
    switches: given.switches ?? { gapFill: true, tombstones: true, compaction: true },
    partitions: given.partitions ?? (() => 1),
  };
}

/** StoreUnavailable for an error of the table; any other error stays what it is. */
export function translate(error: unknown): unknown {
  if (error instanceof TableUnusable) return new StoreUnavailable(error.message, { cause: error });
  if (error instanceof TableBusy || error instanceof OutcomeUnknown) {
    return new StoreUnavailable(`the table does not answer in time, try again later: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}

/** Whether to try again: the table was busy, or said nothing. */
export function isPassing(error: unknown): boolean {
  return error instanceof TableBusy || error instanceof OutcomeUnknown;
}

/** Tries again while the table is busy or silent, until the deadline. For what may be done twice. */
export async function persist<T>(
  { clock, random }: Settings,
  deadlineMs: number,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let backoffMs = 5; ; backoffMs = Math.min(backoffMs * 2, 500)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || clock.now() >= deadlineMs) throw error;
    }
    await clock.sleep(backoffMs * (0.5 + random.number()));
  }
}
