/** One poller a collection: tails the log while somebody watches, fast after activity and slower when it is quiet. */
import { type LogEntry, StoreUnavailable } from "../../storage/interface.ts";
import { TailBuffer } from "../../storage/tail-buffer.ts";
import { isEntry, loadEntry, type Slot } from "./entry.ts";
import type { CollectionLog } from "./log.ts";
import { isPassing, translate } from "./options.ts";

/** After so long without an answer of the table the watches are ended with an error. */
const maxSilenceMs = 30_000;

/** How much slower each quiet poll is. */
const slowDown = 1.5;

/** A watch that waits for news. */
export interface Reader {
  /** Everything up to this revision is delivered. */
  position: number;
  wake(): void;
}

/** Follows one collection's log. */
export class Tail {
  readonly log: CollectionLog;
  /** Everything up to here is settled and was read. -1 before the first poll. */
  position = -1;
  /** The collection's, as of the last poll. */
  partitions = 1;
  /** Why the tail has ended before its time. */
  failure: unknown;
  private readonly readers = new Set<Reader>();
  private readonly buffer = new TailBuffer(-1);
  private readonly closing: AbortSignal;
  private isRunning = false;
  private nap = new AbortController();
  private lastAnswerAt = 0;

  constructor(log: CollectionLog, closing: AbortSignal) {
    this.log = log;
    this.closing = closing;
  }

  /** Follows the log until the reader is removed. */
  add(reader: Reader): void {
    // A process that was frozen while nobody read: a poll that was cut off then says nothing of the table now.
    if (this.readers.size === 0) this.lastAnswerAt = this.log.settings.clock.now();
    this.readers.add(reader);
    if (this.isRunning) return;
    this.isRunning = true;
    this.failure = undefined;
    this.start();
  }

  remove(reader: Reader): void {
    this.readers.delete(reader);
    if (this.readers.size === 0) this.kick();
  }

  /** Polls at once: something was written, or the readers are gone. */
  kick(): void {
    this.nap.abort();
  }

  /** Everybody looks again, since the store closes. */
  wakeAll(): void {
    for (const reader of this.readers) reader.wake();
  }

  /** The entries after a revision, if they are in memory. */
  recentAfter(revision: number): readonly LogEntry[] | undefined {
    return this.buffer.after(revision);
  }

  private start(): void {
    this.run().finally(() => {
      // A reader may have come after the loop had seen that there is none.
      if (this.shouldRun()) return this.start();
      this.isRunning = false;
      this.wakeAll();
    });
  }

  private shouldRun(): boolean {
    return this.readers.size > 0 && !this.closing.aborted && this.failure === undefined;
  }

  private async run(): Promise<void> {
    const { clock, times } = this.log.settings;
    this.lastAnswerAt = clock.now();
    let pollMs = times.minPollMs;
    while (this.shouldRun()) {
      // Before the poll: a kick during it means that the poll may have come too early.
      this.nap = new AbortController();
      const outcome = await this.poll();
      if (outcome === "news") {
        pollMs = times.minPollMs;
        continue;
      }
      pollMs = outcome === "quiet" ? Math.min(pollMs * slowDown, times.maxPollMs) : times.minPollMs;
      await clock.sleep(pollMs, this.nap.signal);
    }
  }

  private async poll(): Promise<"news" | "gap" | "quiet"> {
    const { clock } = this.log.settings;
    try {
      const counter = await this.log.counter();
      this.lastAnswerAt = clock.now();
      this.partitions = counter.partitions;
      const { switches } = this.log.settings;
      // At first, or after a long sleep: what is missing below is forgotten, not a gap.
      if (this.position < 0 || (switches.compaction && this.position < counter.compacted)) this.startAt(counter.stable);
      const slots = counter.ticket > this.position ? await this.log.advance(this.position, counter) : [];
      if (slots.length > 0) await this.deliver(slots);
      await this.log.prove(this.position, counter);
      if (slots.length > 0) return "news";
      return counter.ticket > this.position ? "gap" : "quiet";
    } catch (error) {
      if (isPassing(error) || error instanceof StoreUnavailable) {
        if (clock.now() - this.lastAnswerAt < maxSilenceMs) return "quiet";
      }
      this.failure = translate(error);
      return "quiet";
    }
  }

  private startAt(revision: number): void {
    this.position = revision;
    this.buffer.clear(revision);
    this.wakeAll();
  }

  private async deliver(slots: readonly Slot[]): Promise<void> {
    const { table, layout } = this.log;
    const entries = await Promise.all(slots.filter(isEntry).map((slot) => loadEntry(table, layout, slot)));
    const from = this.position;
    const to = (slots.at(-1) as Slot).revision;
    let delivered = to;
    for (const reader of this.readers) delivered = Math.min(delivered, reader.position);
    const readable = entries.filter((entry) => entry !== undefined);
    this.buffer.append(readable, from, to, delivered);
    // A text that is gone: who wants it reads the log itself, and is told there.
    if (readable.length < entries.length) this.buffer.clear(to);
    this.position = to;
    this.wakeAll();
  }
}
