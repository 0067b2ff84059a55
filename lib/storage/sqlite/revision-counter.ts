/**
 * Where a cluster's revisions come from. One writer holds the file, so one counter for all collections of a cluster costs
 * nothing, and a revision of one collection says where another was at that time, as etcd's do: a client that watches from
 * another resource's revision gets what upstream gives it.
 */
import { firstRevision } from "../interface.ts";

/** A cluster's counter. The newest revision of some collection, so the file need not keep it. */
export class RevisionCounter {
  /** The last committed one. */
  revision = firstRevision;
  /** The last one taken by the commit that is running. */
  pending = firstRevision;

  /** Takes over what the file says of a collection. */
  restore(revision: number): void {
    this.revision = Math.max(this.revision, revision);
    this.pending = this.revision;
  }

  /** What was taken is committed. */
  commit(): void {
    this.revision = this.pending;
  }

  /** What was taken was never seen by anybody and is free again. */
  rollback(): void {
    this.pending = this.revision;
  }
}
