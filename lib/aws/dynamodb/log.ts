/**
 * The log of one collection: what is settled, and how gaps are filled. A ticket whose entry is missing may belong to a
 * writer that is slow or dead; after a grace the reader puts a void in its place, and the late transaction, which has
 * the entry's absence as its condition, fails.
 */
import { firstRevision, RevisionCompacted, StoreUnavailable } from "../../storage/interface.ts";
import { advanceStable, type Counter, note, putOnList, readCounter, takeTickets } from "./counter.ts";
import type { Slot } from "./entry.ts";
import { attribute, type Layout, numberOf, revisionKey } from "./layout.ts";
import { isPassing, persist, type Settings } from "./options.ts";
import { ConditionFailed, type Item, type Table } from "./table.ts";

/** Up to so many slots are read by their exact keys, more by queries. */
const maxExactReads = 100;

/** How many slots are looked at together. */
const window = 500;

/** How often a missing slot is looked for. */
const missingPollMs = 20;

/** No gap lasts longer than a few graces; who waits longer has lost the table. */
const maxSettleMs = 60_000;

/** One collection's log. */
export class CollectionLog {
  readonly layout: Layout;
  readonly table: Table;
  readonly settings: Settings;
  private readonly missingSince = new Map<number, number>();
  private graceMs: number;
  private lastVoidAt = Number.NEGATIVE_INFINITY;
  /** The newest prefix that was proved here, and when: not before a while has passed it is written down. */
  private proved = { revision: 0, at: 0 };
  /** Everything up to here is settled, as this process has written or seen itself: it need not be looked at again. */
  private settledTo = 0;
  private isTending = false;
  private listing: Promise<void> | undefined;
  private waiting: { revision: number; at: number } | undefined;

  constructor(table: Table, layout: Layout, settings: Settings) {
    this.table = table;
    this.layout = layout;
    this.settings = settings;
    this.graceMs = settings.times.graceMs;
  }

  /** The counter, now; sees to it that old history is forgotten. */
  async counter(): Promise<Counter> {
    const counter = await this.persist(() => readCounter(this.table, this.layout));
    return (await this.tend(counter)) ? this.persist(() => readCounter(this.table, this.layout)) : counter;
  }

  /** Takes the next tickets; the counter names the last. */
  async takeTickets(count: number, deadlineMs: number): Promise<Counter> {
    const counter = await takeTickets(this.table, this.layout, this.settings, { count, deadlineMs });
    // Before the first object is there, so that who goes through a cluster's collections misses none. Many first writes
    // at once see to it once.
    if (!counter.isListed) {
      this.listing ??= persist(this.settings, deadlineMs, () => putOnList(this.table, this.layout)).finally(() => {
        this.listing = undefined;
      });
      await this.listing;
    }
    return counter;
  }

  /** Own tickets have committed, `count` of them up to that of the counter. */
  committed(count: number, { ticket, stable }: Counter): void {
    this.settledTo = Math.max(this.settledTo, stable);
    if (ticket - count <= this.settledTo) this.settledTo = Math.max(this.settledTo, ticket);
  }

  /** The counter's last ticket once everything up to it is settled. */
  async settledRevision(counter: Counter): Promise<number> {
    const { ticket, stable } = counter;
    if (!this.isSettled(ticket)) {
      await this.settle(stable, ticket, counter, 0);
      this.settledTo = Math.max(this.settledTo, ticket);
    }
    this.proveLater(ticket, counter);
    return ticket;
  }

  /** Whether everything up to there is known to be settled without a look. */
  isSettled(revision: number): boolean {
    return revision <= this.settledTo;
  }

  /** Tries again while the table is busy, as long as a writer would. */
  persist<T>(attempt: () => Promise<T>): Promise<T> {
    return persist(this.settings, this.settings.clock.now() + this.settings.times.giveUpMs, attempt);
  }

  /** The slots in (after, to] that are there, in order. */
  async read(after: number, to: number, partitions: number): Promise<Slot[]> {
    if (to <= after) return [];
    const items =
      to - after <= maxExactReads
        ? await this.readExactly(range(after, to), partitions)
        : (await Promise.all(range(-1, partitions - 1).map((p) => this.query(p, after, to)))).flat();
    const slots = items.map((item) => ({ revision: numberOf(item, attribute.revision), item }));
    return slots.sort((a, b) => a.revision - b.revision);
  }

  /**
   * The next slots after a settled revision, as far as they follow each other; none if the next is missing and its
   * grace is not over. Fills the gaps whose grace is over. Throws RevisionCompacted where a slot is missing that was
   * settled before, since only expired ones are removed.
   */
  async advance(after: number, counter: Counter): Promise<Slot[]> {
    const { ticket, partitions } = counter;
    const to = Math.min(ticket, after + window);
    const slots = await this.read(after, to, partitions);
    let settled = 0;
    while (slots[settled]?.revision === after + settled + 1) settled++;
    if (settled < Math.min(to, counter.stable) - after && this.settings.switches.compaction) {
      throw new RevisionCompacted(counter.stable, counter.ticket);
    }
    if (settled < to - after) await this.seeGaps(after, to, slots, partitions, settled === 0);
    return slots.slice(0, settled);
  }

  /** Waits until everything up to `to` is settled; returns the slots after `after`, the last ones if there are many. */
  async settle(after: number, to: number, counter: Counter, keep = Number.POSITIVE_INFINITY): Promise<Slot[]> {
    const { clock } = this.settings;
    const deadline = clock.now() + maxSettleMs;
    let slots: Slot[] = [];
    for (let position = after; position < to; ) {
      const next = await this.persist(() => this.advance(position, { ...counter, ticket: to }));
      if (next.length > 0) {
        position += next.length;
        slots.push(...next);
        if (slots.length > keep) slots = slots.slice(-keep);
      } else if (clock.now() >= deadline) {
        throw new StoreUnavailable("writes in flight don't settle; try again later");
      } else {
        await clock.sleep(missingPollMs);
      }
    }
    return slots;
  }

  /** Remembers a proof. Writes it down once it is old enough, so that lists always re-read the latest entries. */
  async prove(revision: number, counter: Counter): Promise<void> {
    const { clock, times } = this.settings;
    const now = clock.now();
    if (revision > this.proved.revision) this.proved = { revision, at: now };
    this.waiting ??= { ...this.proved };
    if (now - this.waiting.at < times.stableAfterMs) return;
    const { revision: stable } = this.waiting;
    this.waiting = { ...this.proved };
    if (stable > counter.stable) await this.quietly(() => advanceStable(this.table, this.layout, stable));
  }

  /** The same in the background. */
  proveLater(revision: number, counter: Counter): void {
    // Whoever comes next writes it down, and reports what is wrong with the table.
    this.prove(revision, counter).catch(() => undefined);
  }

  /** Throws RevisionCompacted where history no longer reaches back to the revision. */
  checkHistory(revision: number, counter: Counter): void {
    if (!this.settings.switches.compaction || revision >= counter.compacted) return;
    throw new RevisionCompacted(counter.compacted, counter.ticket);
  }

  /** When an entry that is superseded now may be removed, in seconds. */
  expiry(): number {
    const { clock, times } = this.settings;
    return Math.ceil((clock.now() + times.historyMs + times.expirySlackMs) / 1000);
  }

  /** A void for a ticket. */
  void(revision: number, partitions: number, writer: string) {
    const key = this.layout.log(revision, partitions);
    const { type, revision: r, writer: w, expires } = attribute;
    return { put: { ...key, [type]: "void", [r]: revision, [w]: writer, [expires]: this.expiry() }, when: absent };
  }

  /** After a write: sees in the background that old history is forgotten even where nobody reads. */
  tendLater(counter: Counter): void {
    if (this.isTending || !this.isTendingDue(counter)) return;
    this.isTending = true;
    this.tend(counter)
      .catch(() => undefined) // Whoever comes next tries again, and reports what is wrong with the table.
      .finally(() => {
        this.isTending = false;
      });
  }

  /** Whether old history is to be forgotten, which the next reader of the counter does. */
  isTendingDue(counter: Counter): boolean {
    const { clock, times, switches } = this.settings;
    // Where all is forgotten already there is nothing to note either: an idle collection is only read.
    if (!switches.compaction || counter.ticket === firstRevision || counter.compacted >= counter.ticket) return false;
    return counter.noteAt === 0 || clock.now() - counter.noteAt >= times.historyMs;
  }

  /** Forgets what is older than the kept history, once it is time to. True: the counter has changed. */
  private async tend(counter: Counter): Promise<boolean> {
    if (!this.isTendingDue(counter)) return false;
    const { clock, times } = this.settings;
    const now = clock.now();
    // Where nothing was written for so long, all that was superseded is old. Twice as long: a ticket's time is a little
    // older than its entry, and clocks differ.
    const isQuiet = now - counter.ticketAt >= 2 * times.historyMs;
    await this.settle(counter.stable, counter.ticket, counter, 0);
    const compacted = isQuiet ? counter.ticket : counter.noteRevision;
    const revision = counter.ticket;
    await this.persist(() => note(this.table, this.layout, counter, { revision, compacted, nowMs: now }));
    return true;
  }

  private async readExactly(revisions: readonly number[], partitions: number): Promise<readonly Item[]> {
    return this.table.getMany(revisions.map((revision) => this.layout.log(revision, partitions)));
  }

  private async query(partition: number, after: number, to: number): Promise<Item[]> {
    const pk = this.layout.logPartition(partition);
    const items: Item[] = [];
    for (let from = revisionKey(after); ; ) {
      const page = await this.table.query({ pk, after: from, to: revisionKey(to) });
      items.push(...page.items);
      const last = page.items.at(-1);
      if (!page.more || last === undefined) return items;
      from = last.sk;
    }
  }

  private async seeGaps(after: number, to: number, slots: readonly Slot[], partitions: number, fill: boolean) {
    const { clock, switches } = this.settings;
    const now = clock.now();
    const present = new Set(slots.map(({ revision }) => revision));
    for (const revision of this.missingSince.keys()) {
      if (revision <= after || present.has(revision)) this.missingSince.delete(revision);
    }
    const due: number[] = [];
    for (const revision of range(after, to)) {
      if (present.has(revision)) continue;
      const since = this.missingSince.get(revision) ?? now;
      this.missingSince.set(revision, since);
      if (now - since >= this.graceMs) due.push(revision);
    }
    if (!fill || !switches.gapFill || due.length === 0) return;
    const filled = await Promise.all(due.map((revision) => this.fill(revision, partitions)));
    if (filled.includes(true)) this.lengthenGrace();
  }

  /** Whether it put a void there. */
  private async fill(revision: number, partitions: number): Promise<boolean> {
    try {
      await this.table.write(this.void(revision, partitions, this.settings.random.uuid()));
      return true;
    } catch (error) {
      // The writer came after all, or the table is busy: the next look will tell.
      if (error instanceof ConditionFailed || isPassing(error)) return false;
      throw error;
    }
  }

  private lengthenGrace(): void {
    const { clock, times } = this.settings;
    const now = clock.now();
    // Voids again and again: writers are slow, not dead (throttled, say), so give them longer.
    const isAgain = now - this.lastVoidAt < 8 * times.maxGraceMs;
    this.graceMs = isAgain ? Math.min(this.graceMs * 2, times.maxGraceMs) : times.graceMs;
    this.lastVoidAt = now;
  }

  private async quietly(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      // Only bookkeeping: the next reader does it.
      if (!isPassing(error)) throw error;
    }
  }
}

/** The item is not there yet. */
export const absent = [[{ absent: "pk" }]] as const;

/** The integers in (after, to]. */
function range(after: number, to: number): number[] {
  return Array.from({ length: to - after }, (_, n) => after + 1 + n);
}
