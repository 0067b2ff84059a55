/** The newest part of a collection's log in memory, for the watches that have not read it yet. */
import type { LogEntry } from "./interface.ts";

const maxEntries = 1_000;
const maxChars = 4_000_000;

/** All entries after `from` up to `to`. Bounded: who reads slowly gets the rest from the store. */
export class TailBuffer {
  private from: number;
  private to: number;
  private entries: LogEntry[] = [];
  private chars = 0;

  /** Empty, at a revision. */
  constructor(at: number) {
    this.from = at;
    this.to = at;
  }

  /** Adds all entries after `from` up to `to`; forgets what is up to `delivered`, since everybody has it. */
  append(entries: readonly LogEntry[], from: number, to: number, delivered: number): void {
    if (from !== this.to) this.clear(from);
    this.forget(delivered);
    for (const entry of entries) {
      this.entries.push(entry);
      this.chars += entry.text.length;
    }
    this.to = to;
    if (this.entries.length > maxEntries || this.chars > maxChars) this.clear(to);
  }

  /** Starts anew at a revision. */
  clear(at: number): void {
    this.from = at;
    this.to = at;
    this.entries = [];
    this.chars = 0;
  }

  /** The entries after a revision, if all of them are here. */
  after(revision: number): readonly LogEntry[] | undefined {
    if (revision < this.from || revision > this.to) return undefined;
    return this.entries.slice(this.indexAfter(revision));
  }

  private forget(delivered: number): void {
    if (delivered <= this.from) return;
    for (const entry of this.entries.splice(0, this.indexAfter(delivered))) this.chars -= entry.text.length;
    this.from = Math.min(delivered, this.to);
  }

  private indexAfter(revision: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle] as LogEntry).revision > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
