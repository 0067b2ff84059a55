/** Who works on the simulated store, and what they note down for the check. */
import { type Switches, settingsOf, type Times } from "../../lib/aws/dynamodb/options.ts";
import { DynamoStore } from "../../lib/aws/dynamodb/store.ts";
import {
  type Collection,
  KeyExists,
  KeyNotFound,
  type LogEntry,
  RevisionCompacted,
  RevisionConflict,
  type StoredObject,
  StoreUnavailable,
  type Value,
} from "../../lib/storage/interface.ts";
import { type Faults, SimulatedConnection, type SimulatedTable } from "./store-table.ts";
import { processClock, type World } from "./store-world.ts";

/** The times of the simulation: as in life, but history and its slack are short. */
export const times: Times = {
  ...settingsOf({}).times,
  giveUpMs: 3_000,
  graceMs: 100,
  maxGraceMs: 800,
  stableAfterMs: 200,
  historyMs: 10_000,
  expirySlackMs: 20_000,
  tombstoneSlackMs: 3_000,
  minPollMs: 40,
  maxPollMs: 2_000,
};

const collection: Collection = { cluster: "c", group: "", resource: "things" };
const keys = ["a/1", "a/2", "b/1", "b/2"];

/** What a write came to. `revision` is there if it was acknowledged; `refused`: it must never have happened. */
export interface WriteNote {
  readonly id: string;
  readonly key: string;
  readonly outcome: "acknowledged" | "refused" | "unknown";
  readonly revision?: number;
  readonly at: number;
}

/** A list that was read to its end. */
export interface ListNote {
  readonly revision: number;
  readonly prefix: string;
  readonly items: readonly StoredObject[];
  readonly begunAt: number;
  /** Whether it asked for the newest state. */
  readonly isNewest: boolean;
}

/** What one watch was given. */
export interface WatchNote {
  readonly after: number;
  readonly prefix: string;
  readonly entries: LogEntry[];
  position: number;
}

/** A get that began after a write of the same key was acknowledged. */
export interface GetNote {
  readonly key: string;
  readonly after: number;
  /** 0 where there was nothing. */
  readonly revision: number;
}

/** All notes of a run. */
export class Notes {
  readonly gets: GetNote[] = [];
  readonly writes: WriteNote[] = [];
  readonly lists: ListNote[] = [];
  readonly watches: WatchNote[] = [];
}

/** A process: a store of its own on the shared table. */
export class Process {
  readonly world: World;
  readonly store: DynamoStore;
  readonly notes: Notes;
  private readonly connection: SimulatedConnection;

  constructor(
    table: SimulatedTable,
    notes: Notes,
    options: { faults: Faults; switches: Switches; partitions: number },
  ) {
    this.world = table.world;
    this.notes = notes;
    this.connection = new SimulatedConnection(table, options.faults);
    const clock = processClock(this.world, () => this.connection.isAlive);
    const { switches, partitions } = options;
    this.store = new DynamoStore(this.connection, {
      clock,
      random: this.world.random,
      times,
      switches,
      partitions: () => partitions,
    });
  }

  get isAlive(): boolean {
    return this.connection.isAlive;
  }

  crash(): void {
    this.connection.isAlive = false;
  }

  heal(faults: Faults): void {
    this.connection.faults = faults;
  }

  /** Starts something that goes on until it ends or the process dies. An error that is no answer fails the run. */
  start(work: () => Promise<void>): void {
    work().catch((error) => {
      this.world.failure ??= error;
    });
  }

  /** Writes to a few keys by chance. */
  async writer(name: string, writes: number): Promise<void> {
    const { world } = this;
    for (let n = 0; n < writes; n++) {
      await world.sleep(world.chance(0.1) ? world.integer(5_000, 15_000) : world.integer(0, 600));
      if (world.chance(0.1)) await this.createMissing(`${name}.${n}`);
      else await this.writeOnce(`${name}.${n}`, world.pick(keys));
    }
  }

  /** Lists, in pages and from the past too. */
  async lister(lists: number): Promise<void> {
    const { world } = this;
    for (let n = 0; n < lists; n++) {
      await world.sleep(world.integer(0, 6_000));
      await tolerate(() => this.listOnce());
    }
  }

  /** Lists, then watches; after a break it resumes where it was, after a 410 it lists again. */
  async watcher(): Promise<void> {
    const { world } = this;
    const prefix = world.pick(["", "", "a/"]);
    let position: number | undefined;
    while (this.isAlive) {
      try {
        // 0 is no place to resume from: it is the beginning of what history is kept.
        position ||= (await this.list({ prefix, isNewest: true })).revision;
        if (position === 0) await world.sleep(500);
        if (position === 0) continue;
        position = await this.watchOnce(position, prefix);
        // A client that was away, sometimes longer than history is kept.
        await world.sleep(world.chance(0.2) ? world.integer(10_000, 60_000) : world.integer(0, 500));
      } catch (error) {
        if (error instanceof RevisionCompacted) position = undefined;
        else if (!(error instanceof StoreUnavailable)) throw error;
      }
    }
  }

  /** A list of everything, as it is now. */
  finalList(): Promise<ListNote> {
    return this.list({ prefix: "", isNewest: true });
  }

  /** Watches everything for as long as the run lasts. */
  async follow(after: number, came: (position: number) => void): Promise<void> {
    const note: WatchNote = { after, prefix: "", entries: [], position: after };
    this.notes.watches.push(note);
    const { signal } = new AbortController();
    for await (const { entries, revision } of this.store.watch(collection, { after, signal })) {
      note.entries.push(...entries);
      note.position = revision;
      came(revision);
    }
  }

  private async writeOnce(id: string, key: string): Promise<void> {
    const { store, notes, world } = this;
    const value = thing(id);
    let hasBegun = false;
    try {
      const current = await store.get(collection, key);
      hasBegun = true;
      const revision = await (current === undefined
        ? store.create(collection, key, value)
        : world.chance(0.4)
          ? store.delete(collection, key, current.revision, value)
          : store.update(collection, key, current.revision, value));
      notes.writes.push({ id, key, outcome: "acknowledged", revision, at: world.now() });
      const seen = await store.get(collection, key);
      notes.gets.push({ key, after: revision, revision: seen?.revision ?? 0 });
    } catch (error) {
      // The get after the write may fail as well; the write has been noted then.
      if (error instanceof StoreUnavailable && notes.writes.some((write) => write.id === id)) return;
      const isRefusal = [KeyExists, KeyNotFound, RevisionConflict].some((kind) => error instanceof kind);
      if (!isRefusal && !(error instanceof StoreUnavailable)) throw error;
      const outcome = isRefusal || !hasBegun ? "refused" : "unknown";
      notes.writes.push({ id, key, outcome, at: world.now() });
    }
  }

  /** Creates what is missing, as a fresh cluster's first server does while others are at work. */
  private async createMissing(name: string): Promise<void> {
    const { store, notes, world } = this;
    const own = ["a", "a", "b"].map((namespace, n) => `${namespace}/${name}-${n}`);
    const all = [world.pick(keys), ...own];
    const written = all.map((key) => ({ id: `${name}/${key}`, key }));
    const objects = written.map(({ id, key }) => ({ key, value: thing(id) }));
    let revisions: readonly number[];
    try {
      revisions = await store.createMissing(collection, objects);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      notes.writes.push(...written.map((one) => ({ ...one, outcome: "unknown" as const, at: world.now() })));
      return;
    }
    for (const [n, revision] of revisions.entries()) {
      const outcome = revision > 0 ? "acknowledged" : "refused";
      notes.writes.push({ ...written[n], outcome, revision, at: world.now() });
    }
    await tolerate(async () => {
      for (const [n, revision] of revisions.entries()) {
        if (revision === 0) continue;
        const seen = await store.get(collection, all[n]);
        notes.gets.push({ key: all[n], after: revision, revision: seen?.revision ?? 0 });
      }
    });
  }

  private async listOnce(): Promise<void> {
    const { world, store } = this;
    const prefix = world.pick(["", "", "b/"]);
    if (world.chance(0.7)) {
      await this.list({ prefix, isNewest: true, limit: world.pick([undefined, 1, 2]) });
      return;
    }
    const newest = await store.revision(collection);
    const revision = Math.max(1, newest - world.integer(0, 8));
    if (newest > 0) await this.list({ prefix, isNewest: false, revision, limit: world.pick([undefined, 1]) });
  }

  private async list(options: {
    prefix: string;
    isNewest: boolean;
    revision?: number;
    limit?: number | undefined;
  }): Promise<ListNote> {
    const { world, store, notes } = this;
    const { prefix, isNewest, limit } = options;
    const begunAt = world.now();
    const more = { prefix, ...(limit === undefined ? {} : { limit }) };
    const first = await store.list(collection, {
      ...more,
      ...(options.revision === undefined ? {} : { revision: options.revision }),
    });
    const items = [...first.items];
    for (let page = first; page.next !== undefined; ) {
      await world.sleep(world.integer(0, 3_000));
      page = await store.list(collection, { ...more, after: page.next, revision: first.revision });
      items.push(...page.items);
    }
    const noted = { revision: first.revision, prefix, items, begunAt, isNewest };
    notes.lists.push(noted);
    return noted;
  }

  /** Watches for a while; returns how far it came. */
  private async watchOnce(after: number, prefix: string): Promise<number> {
    const { world, store, notes } = this;
    const note: WatchNote = { after, prefix, entries: [], position: after };
    notes.watches.push(note);
    const controller = new AbortController();
    world.after(world.integer(1_000, 30_000), () => controller.abort());
    for await (const { entries, revision } of store.watch(collection, { after, prefix, signal: controller.signal })) {
      note.entries.push(...entries);
      note.position = revision;
      // A slow client: the store must not count on its reader's speed.
      if (world.chance(0.05)) await world.sleep(world.integer(0, 20_000));
    }
    return note.position;
  }
}

const thing = (id: string): Value => ({
  text: (revision) => JSON.stringify({ id, revision }),
  labels: { id },
  fields: {},
  owners: [],
});

/** A refusal is an answer. */
async function tolerate(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RevisionCompacted || error instanceof StoreUnavailable)) throw error;
  }
}
