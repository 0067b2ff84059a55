/** The embedded store: one SQLite file of this process alone. */
import type { DatabaseSync } from "node:sqlite";
import { type Clock, systemClock } from "../../apimachinery/clock.ts";
import {
  type Collection,
  KeyExists,
  type ListOptions,
  type ListResult,
  type LogEntry,
  type NewObject,
  type OwnedObject,
  type Store,
  type StoredObject,
  StoreUnavailable,
  type Value,
  type WatchBatch,
  type WatchOptions,
} from "../interface.ts";
import { collectionId } from "../keys.ts";
import { CollectionState } from "./collection-state.ts";
import { isSqliteError, translate } from "./errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { Compactor, HistoryKeeper, type HistoryOptions } from "./history.ts";
import { list } from "./list.ts";
import { ListCache } from "./list-cache.ts";
import { Reader } from "./read.ts";
import { RevisionCounter } from "./revision-counter.ts";
import { openDatabase } from "./schema.ts";
import { watch } from "./watch.ts";
import { type Change, Writer } from "./writes.ts";

/** How a SQLite store is opened. */
export interface SqliteStoreOptions {
  /** The database's file, made if it is missing (its folder is not); `:memory:` for one that ends with the process. */
  readonly file: string;
  readonly clock?: Clock;
  /** How long superseded versions stay readable. */
  readonly history?: HistoryOptions;
  /** False: acknowledges before the disk has it. For tests that don't look at crashes. @default true */
  readonly durable?: boolean;
}

/** Opens the store. Throws StoreUnavailable: another process has it, it is damaged, not a database, ... */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const db = openDatabase(options.file, options.durable ?? true);
  try {
    return new SqliteStore(db, options);
  } catch (error) {
    db.close();
    throw translate(error, options.file);
  }
}

interface CollectionRow extends Collection {
  readonly id: number;
  readonly revision: number;
  readonly compacted: number;
  readonly cleaned: number;
}

class SqliteStore implements Store {
  private readonly file: string;
  private readonly db: DatabaseSync;
  private readonly clock: Clock;
  private readonly reader: Reader;
  private readonly lists = new ListCache();
  private readonly writer: Writer;
  private readonly compactor: Compactor;
  private readonly keeper: HistoryKeeper;
  private readonly commits: GroupCommit;
  private readonly insertCollection;
  private readonly states = new Map<string, CollectionState>();
  private readonly counters = new Map<string, RevisionCounter>();
  /** The collections and entries of the commit that is running. */
  private readonly changed = new Map<CollectionState, LogEntry[]>();
  /** The collections that got their row in it. */
  private registered: CollectionState[] = [];
  private readonly closing = new AbortController();
  private readonly background: Promise<void>;

  constructor(db: DatabaseSync, { file, clock = systemClock, history = {} }: SqliteStoreOptions) {
    this.file = file;
    this.db = db;
    this.clock = clock;
    this.reader = new Reader(db);
    this.writer = new Writer(db);
    this.compactor = new Compactor(db, this.reader);
    this.keeper = new HistoryKeeper(this.reader, history);
    this.insertCollection = db.prepare(`INSERT INTO collection (cluster, "group", resource) VALUES (?, ?, ?)`);
    for (const row of db.prepare("SELECT * FROM collection").all() as unknown as CollectionRow[]) {
      this.state(row).restore(row);
    }
    this.commits = new GroupCommit(db, {
      beforeCommit: () => {
        for (const state of this.changed.keys()) this.writer.keepRevision(state);
      },
      afterCommit: () => this.publish(),
      afterRollback: () => this.forget(),
    });
    this.background = this.keepHistory();
  }

  create(collection: Collection, key: string, value: Value): Promise<number> {
    return this.write({ state: this.state(collection), key, value });
  }

  /** All at once, which one commit takes. */
  createMissing(collection: Collection, objects: readonly NewObject[]): Promise<readonly number[]> {
    const unlessTaken = (error: unknown) => {
      if (error instanceof KeyExists) return 0;
      throw error;
    };
    return Promise.all(objects.map(({ key, value }) => this.create(collection, key, value).catch(unlessTaken)));
  }

  update(collection: Collection, key: string, expected: number, value: Value): Promise<number> {
    return this.write({ state: this.state(collection), key, value, expected });
  }

  delete(collection: Collection, key: string, expected: number, value: Value): Promise<number> {
    return this.write({ state: this.state(collection), key, value, expected, isDeletion: true });
  }

  async get(collection: Collection, key: string): Promise<StoredObject | undefined> {
    return this.read(() => this.reader.object(this.state(collection), key));
  }

  async list(collection: Collection, options: ListOptions = {}): Promise<ListResult> {
    return this.read(() => list(this.reader, this.lists, this.state(collection), options));
  }

  async count(collection: Collection, prefix = ""): Promise<number> {
    return this.read(() => this.reader.count(this.state(collection), prefix, ""));
  }

  async revision(collection: Collection): Promise<number> {
    return this.read(() => this.state(collection).revision);
  }

  revisions(collections: readonly Collection[]): Promise<readonly number[]> {
    return Promise.all(collections.map((collection) => this.revision(collection)));
  }

  async *watch(collection: Collection, options: WatchOptions): AsyncGenerator<WatchBatch> {
    const state = this.read(() => this.state(collection));
    try {
      yield* watch(this.reader, state, options, this.closing.signal);
    } catch (error) {
      throw translate(error, this.file);
    }
  }

  async logEntry(collection: Collection, revision: number): Promise<LogEntry | undefined> {
    const state = this.state(collection);
    return this.read(() => (revision <= state.compacted ? undefined : this.reader.entry(state, revision)));
  }

  async listByOwner(cluster: string, uid: string): Promise<readonly OwnedObject[]> {
    return this.read(() => this.reader.owned(cluster, uid));
  }

  async collections(cluster: string): Promise<readonly Collection[]> {
    return this.read(() => this.reader.collections(cluster));
  }

  async compact(collection: Collection, revision: number): Promise<void> {
    const state = this.state(collection);
    const to = Math.min(revision, state.revision);
    if (to > state.compacted) {
      await this.grouped(() => this.compactor.keepCompacted(state, to));
      state.compacted = Math.max(state.compacted, to);
    }
    await this.clean(state);
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.commits.flush();
    this.closing.abort();
    for (const state of this.states.values()) for (const tail of state.tails) tail.wake();
    await this.background;
    this.db.close();
  }

  private state(collection: Collection): CollectionState {
    const id = collectionId(collection);
    let state = this.states.get(id);
    if (state === undefined) {
      const { cluster, group, resource } = collection;
      state = new CollectionState({ cluster, group, resource }, this.counter(cluster));
      this.states.set(id, state);
    }
    return state;
  }

  private counter(cluster: string): RevisionCounter {
    let counter = this.counters.get(cluster);
    if (counter === undefined) {
      counter = new RevisionCounter();
      this.counters.set(cluster, counter);
    }
    return counter;
  }

  private write(change: Change): Promise<number> {
    return this.grouped(() => this.apply(change).revision);
  }

  /** Runs the statements in the next group's transaction. */
  private grouped<T>(statements: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.closing.signal.aborted) return reject(closed(this.file));
      let result: T;
      this.commits.add({
        apply: () => {
          result = statements();
        },
        committed: () => resolve(result),
        failed: (error) => reject(translate(error, this.file)),
      });
    });
  }

  private apply(change: Change): LogEntry {
    const { state } = change;
    if (state.id === 0 && change.expected === undefined) this.register(state);
    const entry = this.writer.apply(change);
    const entries = this.changed.get(state);
    if (entries === undefined) this.changed.set(state, [entry]);
    else entries.push(entry);
    return entry;
  }

  /** Gives the collection its row, inside the group's transaction. */
  private register(state: CollectionState): void {
    const { cluster, group, resource } = state.collection;
    state.id = Number(this.insertCollection.run(cluster, group, resource).lastInsertRowid);
    this.registered.push(state);
  }

  private publish(): void {
    for (const [state, entries] of this.changed) state.publish(entries);
    this.changed.clear();
    this.registered = [];
  }

  /** After a rollback memory is as the file is. */
  private forget(): void {
    for (const state of this.changed.keys()) state.rollback();
    for (const state of this.registered) state.id = 0;
    this.changed.clear();
    this.registered = [];
  }

  private read<T>(query: () => T): T {
    if (this.closing.signal.aborted) throw closed(this.file);
    try {
      return query();
    } catch (error) {
      throw isSqliteError(error) ? translate(error, this.file) : error;
    }
  }

  private async keepHistory(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await this.clock.sleep(this.keeper.intervalMs, signal);
      for (const state of [...this.states.values()]) {
        if (signal.aborted) return;
        const revision = this.keeper.due(state, this.clock.now());
        // A disk that is full or ill is told to those who write; here it is tried again with the next note.
        const isUncleaned = state.cleaned < state.compacted;
        if (revision > 0 || isUncleaned) await this.compact(state.collection, revision).catch(() => undefined);
      }
    }
  }

  private async clean(state: CollectionState): Promise<void> {
    while (!this.closing.signal.aborted && this.read(() => this.compactor.clean(state))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function closed(file: string): StoreUnavailable {
  return new StoreUnavailable(`the database ${file} is closed: the control plane is shutting down`);
}
