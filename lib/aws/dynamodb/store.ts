/** The store on DynamoDB: the algorithm over a table. */
import {
  type Collection,
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
} from "../../storage/interface.ts";
import { collectionId } from "../../storage/keys.ts";
import { advanceCompacted, type Counter, readCounters } from "./counter.ts";
import { createMissing } from "./create-missing.ts";
import { isEntry, loadEntry } from "./entry.ts";
import { attribute, canBe, collectionsPartition, Layout, numberOf, ownerPartition, parseSortKey } from "./layout.ts";
import { list } from "./list.ts";
import { CollectionLog } from "./log.ts";
import { persist, type Settings, settingsOf, translate } from "./options.ts";
import type { Item, ReadOptions, Table } from "./table.ts";
import { Tail } from "./tail.ts";
import { loadText } from "./text.ts";
import { Turns } from "./turns.ts";
import { watch } from "./watch.ts";
import { type Change, Writer } from "./write.ts";

/** An object whose chunks are gone has been replaced since; more often than this nobody is that quick. */
const maxGets = 5;

/**
 * Of a burst (a fresh cluster's objects) so many writes are under way at once. The others wait before they take their
 * tickets: on a slow table those would else be given up before their turn came, again and again.
 */
const maxWrites = 16;

/** And so many of those that create a whole lot of objects. */
const maxLargeWrites = 4;

/** What a store on DynamoDB takes besides its table. */
export type DynamoStoreOptions = Parameters<typeof settingsOf>[0];

/** A store on a table. Methods throw StoreUnavailable where the table does not answer. */
export class DynamoStore implements Store {
  private readonly table: Table;
  private readonly settings: Settings;
  private readonly writer = new Writer();
  private readonly turns = new Turns(maxWrites);
  private readonly largeTurns = new Turns(maxLargeWrites);
  private readonly tails = new Map<string, Tail>();
  private readonly closing = new AbortController();

  constructor(table: Table, options: DynamoStoreOptions = {}) {
    this.table = table;
    this.settings = settingsOf(options);
  }

  create(collection: Collection, key: string, value: Value): Promise<number> {
    return this.write(collection, { key, value });
  }

  createMissing(collection: Collection, objects: readonly NewObject[]): Promise<readonly number[]> {
    return this.run(async () => {
      const tail = this.tail(collection);
      const revisions = await createMissing(this.writer, tail.log, objects, this.largeTurns);
      if (objects.length > 0) tail.kick();
      return revisions;
    });
  }

  update(collection: Collection, key: string, expected: number, value: Value): Promise<number> {
    return this.write(collection, { key, value, expected });
  }

  delete(collection: Collection, key: string, expected: number, value: Value): Promise<number> {
    return this.write(collection, { key, value, expected, isDeletion: true });
  }

  get(collection: Collection, key: string): Promise<StoredObject | undefined> {
    return this.run(async () => {
      const { log } = this.tail(collection);
      for (let attempt = 0; attempt < maxGets; attempt++) {
        const item = await this.object(log, key);
        if (item === undefined) return undefined;
        this.writer.remember(log, item);
        const text = await loadText(log.table, log.layout, item);
        if (text !== undefined) return { key, revision: numberOf(item, attribute.revision), text };
        // Its chunks are gone, so there is a newer version by now.
      }
      throw new StoreUnavailable(`the chunks of ${key} are not in the table: restore the table from a backup`);
    });
  }

  list(collection: Collection, options: ListOptions = {}): Promise<ListResult> {
    return this.run(() => list(this.tail(collection).log, options));
  }

  count(collection: Collection, prefix = ""): Promise<number> {
    return this.run(() => {
      const { log } = this.tail(collection);
      const query = { pk: log.layout.objects, prefix };
      return log.persist(() => log.table.count(query, [{ absent: attribute.dead }]));
    });
  }

  revision(collection: Collection): Promise<number> {
    return this.run(async () => {
      const { log } = this.tail(collection);
      return log.settledRevision(await log.counter());
    });
  }

  revisions(collections: readonly Collection[]): Promise<readonly number[]> {
    return this.run(async () => {
      const counters = await this.counters(collections);
      const settled = counters.map(async (counter, n) => {
        const { log } = this.tail(collections[n]);
        return log.settledRevision(log.isTendingDue(counter) ? await log.counter() : counter);
      });
      return Promise.all(settled);
    });
  }

  /**
   * The newest revisions of some collections, in one request for a hundred of them: to see whether there is anything to
   * be read. What was written a moment before may not be counted yet, nor be settled.
   */
  async glance(collections: readonly Collection[]): Promise<readonly number[]> {
    return (await this.counters(collections, { eventually: true })).map(({ ticket }) => ticket);
  }

  async *watch(collection: Collection, options: WatchOptions): AsyncGenerator<WatchBatch> {
    if (this.closing.signal.aborted) throw closed();
    try {
      yield* watch(this.tail(collection), options, this.closing.signal);
    } catch (error) {
      throw translate(error);
    }
  }

  logEntry(collection: Collection, revision: number): Promise<LogEntry | undefined> {
    return this.run(async () => {
      const { log } = this.tail(collection);
      const counter = await log.counter();
      if (revision <= counter.compacted || revision > counter.ticket) return undefined;
      return entryAt(log, revision, counter.partitions);
    });
  }

  /**
   * The log entry of a version that has been replaced, as long as it is in the table: a day and more, though the
   * version itself may be older than all that history reaches back to.
   */
  replacedEntry(collection: Collection, revision: number): Promise<LogEntry | undefined> {
    return this.run(async () => {
      const { log } = this.tail(collection);
      const { partitions } = await log.counter();
      return entryAt(log, revision, partitions);
    });
  }

  listByOwner(cluster: string, uid: string): Promise<readonly OwnedObject[]> {
    return this.run(async () => {
      const items = await this.partition(ownerPartition(cluster, uid));
      return items.map(({ sk }) => parseSortKey(cluster, sk));
    });
  }

  collections(cluster: string): Promise<readonly Collection[]> {
    return this.run(async () => {
      const items = await this.partition(collectionsPartition(cluster));
      return items.map(({ sk }) => parseSortKey(cluster, sk).collection);
    });
  }

  /** Only what was superseded goes, and only later, by the table's TTL; from now on it is refused. */
  compact(collection: Collection, revision: number): Promise<void> {
    return this.run(async () => {
      const { log } = this.tail(collection);
      const forget = (to: number) => log.persist(() => advanceCompacted(log.table, log.layout, to));
      if (log.isSettled(revision)) return forget(revision);
      const counter = await log.counter();
      const to = Math.min(revision, counter.ticket);
      await log.settle(counter.stable, to, counter, 0);
      if (to > counter.compacted) await forget(to);
    });
  }

  /** Forgets old history of all the cluster's collections; for the tick, so that idle ones are seen to as well. */
  async tend(cluster: string): Promise<void> {
    const collections = await this.collections(cluster);
    for (const [index, counter] of (await this.counters(collections, { eventually: true })).entries()) {
      const { log } = this.tail(collections[index]);
      if (log.isTendingDue(counter)) await this.run(() => log.counter());
    }
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    for (const tail of this.tails.values()) {
      tail.kick();
      tail.wakeAll();
    }
    this.table.close();
  }

  private tail(collection: Collection): Tail {
    const id = collectionId(collection);
    let tail = this.tails.get(id);
    if (tail === undefined) {
      const { cluster, group, resource } = collection;
      const layout = new Layout({ cluster, group, resource });
      tail = new Tail(new CollectionLog(this.table, layout, this.settings), this.closing.signal);
      this.tails.set(id, tail);
    }
    return tail;
  }

  private counters(collections: readonly Collection[], options: ReadOptions = {}): Promise<Counter[]> {
    const layouts = collections.map((collection) => this.tail(collection).log.layout);
    return this.run(() => this.persist(() => readCounters(this.table, layouts, options)));
  }

  private persist<T>(attempt: () => Promise<T>): Promise<T> {
    return persist(this.settings, this.settings.clock.now() + this.settings.times.giveUpMs, attempt);
  }

  private write(collection: Collection, change: Omit<Change, "log">): Promise<number> {
    return this.run(async () => {
      const tail = this.tail(collection);
      const revision = await this.turns.run(() => this.writer.write({ ...change, log: tail.log }));
      tail.kick();
      return revision;
    });
  }

  private async object(log: CollectionLog, key: string): Promise<Item | undefined> {
    const place = log.layout.object(key);
    // Anybody may name what cannot be, an owner say: that is no failure of the table.
    if (!canBe(place)) return undefined;
    const item = await log.persist(() => log.table.get(place));
    return item?.[attribute.dead] === undefined ? item : undefined;
  }

  private async partition(pk: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let after: string | undefined; ; ) {
      const query = { pk, ...(after === undefined ? {} : { after }) };
      const page = await this.persist(() => this.table.query(query));
      items.push(...page.items);
      after = page.items.at(-1)?.sk;
      if (!page.more || after === undefined) return items;
    }
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.closing.signal.aborted) throw closed();
    try {
      return await work();
    } catch (error) {
      throw translate(error);
    }
  }
}

async function entryAt(log: CollectionLog, revision: number, partitions: number): Promise<LogEntry | undefined> {
  const [slot] = await log.persist(() => log.read(revision - 1, revision, partitions));
  return slot !== undefined && isEntry(slot) ? loadEntry(log.table, log.layout, slot) : undefined;
}

function closed(): StoreUnavailable {
  return new StoreUnavailable("the store is closed: the control plane is shutting down");
}
