/** What is kept in memory of one collection: its revisions, the tail of its log for watchers, its last list. */
import { type Collection, firstRevision, type LogEntry, type StoredObject } from "../interface.ts";
import { TailBuffer } from "../tail-buffer.ts";
import { RevisionCounter } from "./revision-counter.ts";

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

/** One collection. Revisions in here are committed ones, but for `pending`; between them lie those of other collections. */
export class CollectionState {
  readonly collection: Collection;
  readonly counter: RevisionCounter;
  /** The row's id; 0 until something was created. */
  id = 0;
  /** That of its last change. */
  revision = firstRevision;
  compacted = firstRevision;
  cleaned = 0;
  /** The last revision that the commit that is running gave it. */
  pending = firstRevision;
  readonly tails = new Set<Tail>();
  private readonly recent = new TailBuffer(firstRevision);

  constructor(collection: Collection, counter = new RevisionCounter()) {
    this.collection = collection;
    this.counter = counter;
  }

  /** Takes over what the file says. */
  restore({
    id,
    revision,
    compacted,
    cleaned,
  }: Pick<CollectionState, "id" | "revision" | "compacted" | "cleaned">): void {
    Object.assign(this, { id, revision, compacted, cleaned, pending: revision });
    this.recent.clear(revision);
    this.counter.restore(revision);
  }

  /** What was pending is committed: its entries become known to the watches. */
  publish(entries: readonly LogEntry[]): void {
    const from = this.revision;
    this.revision = this.pending;
    this.counter.commit();
    if (this.tails.size === 0) {
      this.recent.clear(this.revision);
      return;
    }
    let delivered = this.revision;
    for (const tail of this.tails) delivered = Math.min(delivered, tail.position);
    this.recent.append(entries, from, this.revision, delivered);
    for (const tail of this.tails) tail.wake();
  }

  /** What was pending has not happened. */
  rollback(): void {
    this.pending = this.revision;
    this.counter.rollback();
  }

  /** The entries after a revision if all of them are in memory. */
  recentAfter(revision: number): readonly LogEntry[] | undefined {
    return this.recent.after(revision);
  }
}
