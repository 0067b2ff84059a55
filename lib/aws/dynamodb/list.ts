/**
 * list: the state at a revision. The objects are read, then corrected by the log: what was settled so recently that an
 * object's item may lag behind is laid over, what was written after the revision is undone.
 */
import {
  firstRevision,
  type ListOptions,
  type ListResult,
  RevisionCompacted,
  RevisionInFuture,
  type StoredObject,
} from "../../storage/interface.ts";
import { compareKeys } from "../../storage/keys.ts";
import { maxUndo } from "../../storage/undo.ts";
import type { Counter } from "./counter.ts";
import { isEntry, type Slot, selectableOf, slotKey } from "./entry.ts";
import { attribute, numberOf, stringOf } from "./layout.ts";
import type { CollectionLog } from "./log.ts";
import type { Item, QueryPage } from "./table.ts";
import { loadText } from "./text.ts";

/** Transactions of so many latest revisions may still be on their way to the objects' items. */
const maxOverlay = 1_000;

/** How many texts are fetched at once, where they are in chunks or in the log. */
const parallel = 20;

/** Removed after one list. */
const maxTombstones = 50;

/** An item that holds a version, with the key of its object. */
interface Version {
  readonly key: string;
  readonly item: Item;
}

/** A page. Throws RevisionCompacted, RevisionInFuture. */
export async function list(log: CollectionLog, options: ListOptions): Promise<ListResult> {
  const counter = await log.counter();
  const revision = options.revision ?? counter.ticket;
  if (revision > counter.ticket) throw new RevisionInFuture(counter.ticket);
  log.checkHistory(revision, counter);
  // Before the first ticket there was nothing; over how many partitions the log is spread is not known yet either.
  if (revision <= firstRevision) return { revision, items: [] };
  const page = new Page(log, counter, revision, options);
  // All that may not show in what is read now is laid over it.
  if (revision - counter.stable <= maxOverlay) page.readAhead();
  page.overlay(await log.settle(counter.stable, revision, counter, maxOverlay));
  if (options.revision === undefined) log.proveLater(revision, counter);
  const { versions, next } = await page.read();
  const items = await load(log, counter, revision, versions);
  await page.removeTombstones();
  if (next === undefined) return { revision, items };
  if (options.matches !== undefined) return { revision, items, next };
  return { revision, items, next, remaining: await page.countAfter(next) };
}

async function load(log: CollectionLog, counter: Counter, revision: number, versions: readonly Version[]) {
  const items: StoredObject[] = [];
  for (let from = 0; from < versions.length; from += parallel) {
    const some = versions.slice(from, from + parallel);
    const texts = await Promise.all(some.map(({ item }) => loadText(log.table, log.layout, item)));
    for (const [at, { key, item }] of some.entries()) {
      const text = texts[at];
      if (text === undefined) throw new RevisionCompacted(revision, counter.ticket);
      items.push({ key, revision: numberOf(item, attribute.revision), text });
    }
  }
  return items;
}

/** One page while it is read. */
class Page {
  private readonly log: CollectionLog;
  private readonly counter: Counter;
  private readonly revision: number;
  private readonly options: ListOptions;
  private readonly prefix: string;
  /** What the log says of a key: the version at the revision, or null for none. It beats the object's item. */
  private readonly corrections = new Map<string, Item | null>();
  /** Keys that were changed after the revision. */
  private readonly undone = new Set<string>();
  /** Everything in (revision, undoneTo] is undone. */
  private undoneTo: number;
  private readonly tombstones: Item[] = [];
  /** The first objects, where they are being read already. */
  private ahead: Promise<QueryPage> | undefined;

  constructor(log: CollectionLog, counter: Counter, revision: number, options: ListOptions) {
    this.log = log;
    this.counter = counter;
    this.revision = revision;
    this.options = options;
    this.prefix = options.prefix ?? "";
    this.undoneTo = revision;
  }

  /** Begins to read the objects. */
  readAhead(): void {
    this.ahead = this.objectsAfter(this.options.after ?? "");
    // Who reads on is told.
    this.ahead.catch(() => undefined);
  }

  /** Lays settled entries up to the revision over the objects. */
  overlay(slots: readonly Slot[]): void {
    for (const slot of slots) {
      if (!isEntry(slot) || !slotKey(slot).startsWith(this.prefix)) continue;
      const isDeletion = stringOf(slot.item, attribute.change) === "deleted";
      this.corrections.set(slotKey(slot), isDeletion ? null : slot.item);
    }
  }

  async read(): Promise<{ versions: Version[]; next?: string }> {
    const { limit, matches, after = "" } = this.options;
    await this.undo(this.counter.ticket);
    const versions: Version[] = [];
    let last = after;
    for await (const version of this.versionsAfter(after)) {
      if (limit !== undefined && versions.length === limit) return { versions, next: last };
      last = version.key;
      if (matches === undefined || matches(version.key, selectableOf(version.item))) versions.push(version);
    }
    return { versions };
  }

  async countAfter(key: string): Promise<number> {
    const query = { pk: this.log.layout.objects, prefix: this.prefix, after: key };
    const counted = await this.log.persist(() =>
      this.log.table.count(query, [
        { absent: attribute.dead },
        { attribute: attribute.revision, is: "<=", than: this.revision },
      ]),
    );
    // What was changed before it was counted has a younger revision, so it is among those to put back.
    await this.undo((await this.log.counter()).ticket);
    let restored = 0;
    for (const changed of this.undone) if (compareKeys(changed, key) > 0 && this.corrections.get(changed)) restored++;
    return counted + restored;
  }

  /** Removes tombstones that no ticket in flight can be older than. */
  async removeTombstones(): Promise<void> {
    const { clock, times } = this.log.settings;
    const before = clock.now() - times.giveUpMs - times.tombstoneSlackMs;
    const old = this.tombstones.filter(
      (item) => numberOf(item, attribute.revision) <= this.counter.stable && numberOf(item, attribute.deadAt) < before,
    );
    const removals = old.slice(0, maxTombstones).map(async (item) => {
      const than = numberOf(item, attribute.revision);
      const when = [[{ exists: attribute.dead }, { attribute: attribute.revision, is: "=" as const, than }]];
      // Whether it works does not matter: the next list sees it again, or it has been written again.
      await this.log.table.write({ remove: { pk: item.pk, sk: item.sk }, when }).catch(() => undefined);
    });
    await Promise.all(removals);
  }

  private async *versionsAfter(after: string): AsyncGenerator<Version> {
    for (let from = after; ; ) {
      const { items, more } = await (this.ahead ?? this.objectsAfter(from));
      this.ahead = undefined;
      const newest = items.reduce((max, item) => Math.max(max, numberOf(item, attribute.revision)), 0);
      await this.undo(newest);
      const to = more ? items.at(-1)?.sk : undefined;
      yield* this.merge(items, from, to);
      if (to === undefined) return;
      from = to;
    }
  }

  private objectsAfter(key: string): Promise<QueryPage> {
    const { limit, matches } = this.options;
    const chunk = limit !== undefined && matches === undefined ? { limit: limit + 1 } : {};
    const { table, layout } = this.log;
    const query = { pk: layout.objects, prefix: this.prefix, after: key, ...chunk };
    return this.log.persist(() => table.query(query));
  }

  /** Some objects, corrected: all keys in (from, to]. */
  private *merge(items: readonly Item[], from: string, to: string | undefined): Generator<Version> {
    const put = [...this.corrections.keys()]
      .filter((key) => compareKeys(key, from) > 0 && (to === undefined || compareKeys(key, to) <= 0))
      .map((key) => ({ key, item: this.corrections.get(key) ?? null }));
    const read = items.filter((item) => {
      if (item[attribute.dead] !== undefined) this.tombstones.push(item);
      return !this.corrections.has(item.sk);
    });
    const both = [
      ...read.map((item) => ({ key: item.sk, item: item[attribute.dead] === undefined ? item : null })),
      ...put,
    ];
    if (put.length > 0) both.sort((a, b) => compareKeys(a.key, b.key));
    for (const { key, item } of both) if (item !== null) yield { key, item };
  }

  /** Undoes everything that was written in (revision, to]. */
  private async undo(to: number): Promise<void> {
    if (to <= this.undoneTo) return;
    const { log, counter } = this;
    if (to - this.revision > maxUndo) throw new RevisionCompacted(to - maxUndo - 1, to);
    const from = this.undoneTo;
    const slots = await log.settle(from, to, { ...counter, ticket: to });
    this.undoneTo = to;
    const before = new Map<string, number>();
    for (const slot of slots) {
      const key = slotKey(slot);
      // The oldest change of a key knows the version that was there at the revision.
      if (!isEntry(slot) || !key.startsWith(this.prefix) || this.undone.has(key)) continue;
      this.undone.add(key);
      before.set(key, numberOf(slot.item, attribute.previousRevision));
    }
    await this.restore(before);
  }

  private async restore(before: ReadonlyMap<string, number>): Promise<void> {
    const { log, counter } = this;
    const keys = [...before.values()]
      .filter((revision) => revision > 0)
      .map((revision) => log.layout.log(revision, counter.partitions));
    const items = await log.persist(() => log.table.getMany(keys));
    const byRevision = new Map(items.map((item) => [numberOf(item, attribute.revision), item]));
    for (const [key, revision] of before) {
      const item = revision === 0 ? null : byRevision.get(revision);
      if (item === undefined && log.settings.switches.compaction)
        throw new RevisionCompacted(this.revision, counter.ticket);
      this.corrections.set(key, item ?? null);
    }
  }
}
