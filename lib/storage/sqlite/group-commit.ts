/**
 * Writes of the same moment share one transaction, and so one sync of the disk. A write that fails by its own fault
 * (a conflict, say) leaves the others alone; if the transaction itself fails, each write is tried by itself.
 */
import type { DatabaseSync } from "node:sqlite";
import { isFatal, isSqliteError } from "./errors.ts";

/** One write of a group. Nothing it does is visible before its group is committed. */
export interface GroupedWrite {
  /** Runs the statements; throws before the first changing one, or an error of SQLite. */
  apply(): void;
  /** The transaction that held it was committed. */
  committed(): void;
  failed(error: unknown): void;
}

/** What the owner of the database does around each transaction. */
export interface GroupHooks {
  /** The last statements of the transaction. */
  beforeCommit(): void;
  /** The transaction is durable; runs before the writes are told. */
  afterCommit(): void;
  afterRollback(): void;
}

/** Collects writes until the event loop has read what clients sent, then commits them. */
export class GroupCommit {
  private readonly db: DatabaseSync;
  private readonly hooks: GroupHooks;
  private readonly begin;
  private readonly commit;
  private queue: GroupedWrite[] = [];
  private broken: unknown;

  constructor(db: DatabaseSync, hooks: GroupHooks) {
    this.db = db;
    this.hooks = hooks;
    this.begin = db.prepare("BEGIN IMMEDIATE");
    this.commit = db.prepare("COMMIT");
  }

  add(write: GroupedWrite): void {
    if (this.queue.length === 0) setImmediate(() => this.flush());
    this.queue.push(write);
  }

  /** Commits what is waiting, now. */
  flush(): void {
    const group = this.queue;
    this.queue = [];
    if (group.length > 0) this.run(group);
  }

  private run(group: readonly GroupedWrite[]): void {
    if (this.broken !== undefined) {
      for (const write of group) write.failed(this.broken);
      return;
    }
    // Told only after the commit: a conflict with a write of this group is none if the group is rolled back.
    const outcomes: (() => void)[] = [];
    try {
      this.begin.run();
      for (const write of group) outcomes.push(apply(write));
      this.hooks.beforeCommit();
      this.commit.run();
    } catch (error) {
      this.rollback(group, error);
      return;
    }
    this.hooks.afterCommit();
    for (const tell of outcomes) tell();
  }

  private rollback(group: readonly GroupedWrite[], error: unknown): void {
    // Some errors of SQLite have ended the transaction already.
    if (this.db.isTransaction) this.db.exec("ROLLBACK");
    this.hooks.afterRollback();
    if (isFatal(error)) this.broken = error;
    if (group.length === 1 || this.broken !== undefined) {
      for (const write of group) write.failed(error);
      return;
    }
    for (const write of group) this.run([write]);
  }
}

/** Applies a write and returns how to tell its outcome. Throws SQLite's errors, which concern the whole group. */
function apply(write: GroupedWrite): () => void {
  try {
    write.apply();
    return () => write.committed();
  } catch (error) {
    if (isSqliteError(error)) throw error;
    return () => write.failed(error);
  }
}
