/** What is kept in memory of one collection: its revisions, the tail of its log for watchers, its last list. */
import type { Collection, LogEntry, StoredObject } from "../interface.ts";

/** A row of the list scan: what a list sends, and its labels and fields as JSON. */
export interface ListRow extends StoredObject {
  readonly labels: string;
  readonly fields: string;
}

/** A watch that reads this collection. */
export interface Tail {
  /** Everything up to this revision is delivered. */
  position: number;
  /** Called after each commit. */
  wake(): void;
}

const maxTailEntries = 1_000;
const maxTailChars = 4_000_000;

/** One collection. Revisions in here are committed ones, but for `pending`. */
export class CollectionState {
  readonly collection: Collection;
  /** The row's id; 0 until something was created. */
  id = 0;
  revision = 0;
  compacted = 0;
  cleaned = 0;
  /** The last revision given out by the commit that is running. */
  pending = 0;
  readonly tails = new Set<Tail>();
  /** The newest entries, contiguous up to `revision`; kept only while somebody watches and has not read them. */
  private recent: LogEntry[] = [];
  private recentChars = 0;

  constructor(collection: Collection) {
    this.collection = collection;
  }

  /** Makes a commit's entries known to the watches. */
  publish(entries: readonly LogEntry[]): void {
    if (this.tails.size === 0) {
      this.recent = [];
      this.recentChars = 0;
      return;
    }
    this.forgetDelivered();
    for (const entry of entries) {
      this.recent.push(entry);
      this.recentChars += entry.text.length;
    }
    if (this.recent.length > maxTailEntries || this.recentChars > maxTailChars) {
      // Somebody reads slowly: it will get these from the file.
      this.recent = [];
      this.recentChars = 0;
    }
    for (const tail of this.tails) tail.wake();
  }

  /** The entries after a revision if all of them are in memory. */
  recentAfter(revision: number): readonly LogEntry[] | undefined {
    const first = this.recent[0];
    if (first === undefined || first.revision > revision + 1) return undefined;
    return this.recent.slice(revision + 1 - first.revision);
  }

  private forgetDelivered(): void {
    let position = this.revision;
    for (const tail of this.tails) position = Math.min(position, tail.position);
    const first = this.recent[0];
    if (first === undefined || first.revision > position) return;
    for (const entry of this.recent.splice(0, position + 1 - first.revision)) this.recentChars -= entry.text.length;
  }
}
