/** What is kept in memory of one collection: its revisions, the tail of its log for watchers, its last list. */
import { type Collection, firstRevision, type LogEntry, type StoredObject } from "../interface.ts";
import { TailBuffer } from "../tail-buffer.ts";

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

/** One collection. Revisions in here are committed ones, but for `pending`. */
export class CollectionState {
  readonly collection: Collection;
  /** The row's id; 0 until something was created. */
  id = 0;
  revision = firstRevision;
  compacted = firstRevision;
  cleaned = 0;
  /** The last revision given out by the commit that is running. */
  pending = firstRevision;
  readonly tails = new Set<Tail>();
  private readonly recent = new TailBuffer(firstRevision);

  constructor(collection: Collection) {
    this.collection = collection;
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
  }

  /** Makes a commit's entries known to the watches. */
  publish(entries: readonly LogEntry[]): void {
    if (this.tails.size === 0) {
      this.recent.clear(this.revision);
      return;
    }
    const from = (entries[0]?.revision ?? this.revision + 1) - 1;
    let delivered = this.revision;
    for (const tail of this.tails) delivered = Math.min(delivered, tail.position);
    this.recent.append(entries, from, this.revision, delivered);
    for (const tail of this.tails) tail.wake();
  }

  /** The entries after a revision if all of them are in memory. */
  recentAfter(revision: number): readonly LogEntry[] | undefined {
    return this.recent.after(revision);
  }
}
