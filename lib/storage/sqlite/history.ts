/**
 * How long history is kept: at least `ageMs`, unless there are more than `entries` of it. Every now and then each
 * collection's revision is noted with the time; what a note of sufficient age says is compacted.
 */
import type { DatabaseSync } from "node:sqlite";
import type { CollectionState } from "./collection-state.ts";
import type { Reader } from "./read.ts";

/** What is kept. */
export interface HistoryOptions {
  /** @default 5 minutes, as etcd's compaction by kube-apiserver */
  readonly ageMs?: number;
  /** Per collection. @default 100,000 */
  readonly entries?: number;
}

/** Decides what to compact. */
export class HistoryKeeper {
  private readonly ageMs: number;
  private readonly entries: number;
  private readonly log: Pick<Reader, "revisionBefore">;
  private readonly notes = new Map<CollectionState, { at: number; revision: number }[]>();

  constructor(log: Pick<Reader, "revisionBefore">, { ageMs = 300_000, entries = 100_000 }: HistoryOptions) {
    this.log = log;
    this.ageMs = ageMs;
    this.entries = entries;
  }

  /** How often `due` wants to be asked. */
  get intervalMs(): number {
    return Math.max(10, Math.min(30_000, this.ageMs / 5));
  }

  /** Notes the collection's revision; returns the one to compact at, or 0. */
  due(state: CollectionState, nowMs: number): number {
    const notes = this.notes.get(state) ?? [];
    this.notes.set(state, notes);
    if (notes.at(-1)?.revision !== state.revision) notes.push({ at: nowMs, revision: state.revision });
    // Other collections' revisions lie between: only where there could be so many is it worth counting.
    const mayBeMore = state.revision - state.compacted > this.entries;
    let revision = (mayBeMore ? this.log.revisionBefore(state, this.entries) : undefined) ?? 0;
    for (let note = notes[0]; note !== undefined && note.at <= nowMs - this.ageMs; note = notes[0]) {
      revision = Math.max(revision, note.revision);
      notes.shift();
    }
    return revision > state.compacted ? revision : 0;
  }
}

/** How many entries are cleaned in one transaction, so that nobody waits long. */
const slice = 200;

/** Removes log entries that were superseded, some at a time. */
export class Compactor {
  private readonly db: DatabaseSync;
  private readonly log: Pick<Reader, "revisionAfter">;
  private readonly selectSuperseding;
  private readonly setCompacted;
  private readonly setCleaned;
  private readonly deletePrevious;
  private readonly deleteDeletions;

  constructor(db: DatabaseSync, log: Pick<Reader, "revisionAfter">) {
    this.db = db;
    this.log = log;
    const range = "collection = ? AND revision > ? AND revision <= ?";
    this.selectSuperseding = db.prepare(`SELECT 1 FROM log WHERE ${range} AND previous IS NOT NULL LIMIT 1`);
    this.setCompacted = db.prepare("UPDATE collection SET compacted = ? WHERE id = ?");
    this.setCleaned = db.prepare("UPDATE collection SET cleaned = ? WHERE id = ?");
    this.deletePrevious = db.prepare(`DELETE FROM log WHERE id IN (SELECT previous FROM log WHERE ${range})`);
    this.deleteDeletions = db.prepare(`DELETE FROM log WHERE ${range} AND type = 2`);
  }

  /** Says in the file that the revision is compacted; what is to be removed stays on the disk for a while. */
  keepCompacted(state: CollectionState, revision: number): void {
    this.setCompacted.run(revision, state.id);
  }

  /** Removes a slice. False: nothing is left to remove. */
  clean(state: CollectionState): boolean {
    if (state.cleaned >= state.compacted) return false;
    // A fresh cluster has compacted what was never written twice: no transaction for that.
    if (this.selectSuperseding.get(state.id, state.cleaned, state.compacted) === undefined) {
      state.cleaned = state.compacted;
      return false;
    }
    const to = Math.min(state.compacted, this.log.revisionAfter(state, state.cleaned, slice) ?? state.compacted);
    this.db.exec("BEGIN IMMEDIATE");
    try {
      this.deletePrevious.run(state.id, state.cleaned, to);
      this.deleteDeletions.run(state.id, state.cleaned, to);
      this.setCleaned.run(to, state.id);
      this.db.exec("COMMIT");
    } catch (error) {
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw error;
    }
    state.cleaned = to;
    return true;
  }
}
