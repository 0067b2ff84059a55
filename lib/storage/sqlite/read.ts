/** Reads of objects and of the log. Everything runs between two commits, so each read sees whole ones. */
import type { DatabaseSync } from "node:sqlite";
import type { Collection, LogEntry, OwnedObject, StoredObject } from "../interface.ts";
import { prefixEnd } from "../keys.ts";
import type { UndoEntry } from "../undo.ts";
import type { CollectionState, ListRow } from "./collection-state.ts";
import { entryTypes, lazySelectable, parseRecord } from "./writes.ts";

interface LogRow {
  readonly revision: number;
  readonly type: number;
  readonly key: string;
  readonly text: string;
  readonly labels: string;
  readonly fields: string;
  readonly previousRevision: number | null;
  readonly previousLabels: string | null;
  readonly previousFields: string | null;
}

const logColumns = `entry.revision, entry.type, entry.key, entry.text, entry.labels, entry.fields,
  previous.revision AS previousRevision, previous.labels AS previousLabels, previous.fields AS previousFields
  FROM log entry LEFT JOIN log previous ON previous.id = entry.previous`;

/** How many log entries are read at once. */
const logPage = 500;

/** Prepared statements of the reads. */
export class Reader {
  private readonly selectObject;
  private readonly selectRange;
  private readonly selectCount;
  private readonly selectLog;
  private readonly selectEntry;
  private readonly selectChanges;
  private readonly selectNewer;
  private readonly selectOlder;
  private readonly selectVersion;
  private readonly selectOwned;
  private readonly selectCollections;

  constructor(db: DatabaseSync) {
    const objects = "FROM object JOIN log ON log.id = object.log WHERE object.collection = ? AND object.key";
    const keys = "WHERE collection = ? AND key > ? AND key >= ? AND key < ?";
    this.selectObject = db.prepare(`SELECT object.key, revision, text ${objects} = ?`);
    this.selectRange = db.prepare(
      `SELECT object.key, revision, text, labels, fields ${objects} > ? AND object.key >= ? AND object.key < ?
       ORDER BY object.key LIMIT ?`,
    );
    this.selectCount = db.prepare(`SELECT count(*) AS n FROM object ${keys}`);
    this.selectLog = db.prepare(
      `SELECT ${logColumns} WHERE entry.collection = ? AND entry.revision > ? ORDER BY entry.revision LIMIT ${logPage}`,
    );
    this.selectEntry = db.prepare(`SELECT ${logColumns} WHERE entry.collection = ? AND entry.revision = ?`);
    this.selectChanges = db.prepare(
      "SELECT key, previous FROM log WHERE collection = ? AND revision > ? ORDER BY revision LIMIT ?",
    );
    const other = "SELECT revision FROM log WHERE collection = ?";
    this.selectNewer = db.prepare(`${other} AND revision > ? ORDER BY revision LIMIT 1 OFFSET ?`);
    this.selectOlder = db.prepare(`${other} ORDER BY revision DESC LIMIT 1 OFFSET ?`);
    this.selectVersion = db.prepare("SELECT key, revision, text, labels, fields FROM log WHERE id = ?");
    this.selectOwned = db.prepare(
      `SELECT collection.cluster, "group", resource, key FROM owner JOIN collection ON collection.id = owner.collection
       WHERE owner.cluster = ? AND uid = ? ORDER BY "group", resource, key`,
    );
    this.selectCollections = db.prepare(
      `SELECT cluster, "group", resource FROM collection WHERE cluster = ? AND revision > 0 ORDER BY "group", resource`,
    );
  }

  object(state: CollectionState, key: string): StoredObject | undefined {
    return this.selectObject.get(state.id, key) as StoredObject | undefined;
  }

  /** At most `limit` rows (-1: all) of the prefix after a key, in key order. */
  range(state: CollectionState, prefix: string, after: string, limit: number): ListRow[] {
    return this.selectRange.all(state.id, after, prefix, prefixEnd(prefix), limit) as unknown as ListRow[];
  }

  count(state: CollectionState, prefix: string, after: string): number {
    return Number(this.selectCount.get(state.id, after, prefix, prefixEnd(prefix))?.n);
  }

  /** Some entries after a revision, oldest first. */
  log(state: CollectionState, after: number): LogEntry[] {
    return (this.selectLog.all(state.id, after) as unknown as LogRow[]).map(entryOfRow);
  }

  entry(state: CollectionState, revision: number): LogEntry | undefined {
    const row = this.selectEntry.get(state.id, revision) as unknown as LogRow | undefined;
    return row === undefined ? undefined : entryOfRow(row);
  }

  /** The first changes after a revision, at most `limit`; `previous` is for `version`. */
  changes(state: CollectionState, after: number, limit: number): UndoEntry<number>[] {
    const rows = this.selectChanges.all(state.id, after, limit) as unknown as {
      key: string;
      previous: number | null;
    }[];
    return rows.map(({ key, previous }) => ({ key, previous: previous ?? undefined }));
  }

  /** The revision of the n-th kept entry after a revision; undefined where there are fewer. */
  revisionAfter(state: CollectionState, after: number, n: number): number | undefined {
    return revisionOf(this.selectNewer.get(state.id, after, n - 1));
  }

  /** The revision of the newest kept entry but n; undefined where there are not so many. */
  revisionBefore(state: CollectionState, n: number): number | undefined {
    return revisionOf(this.selectOlder.get(state.id, n));
  }

  /** A version that a change replaced. */
  version(id: number): ListRow {
    return this.selectVersion.get(id) as unknown as ListRow;
  }

  owned(cluster: string, uid: string): OwnedObject[] {
    const rows = this.selectOwned.all(cluster, uid) as unknown as (Collection & { key: string })[];
    return rows.map(({ key, ...collection }) => ({ collection, key }));
  }

  collections(cluster: string): Collection[] {
    return (this.selectCollections.all(cluster) as unknown as Collection[]).map((collection) => ({ ...collection }));
  }
}

function revisionOf(row: Record<string, unknown> | undefined): number | undefined {
  return row === undefined ? undefined : Number(row.revision);
}

function entryOfRow(row: LogRow): LogEntry {
  const { key, revision, text } = row;
  const { labels, fields } = { labels: parseRecord(row.labels), fields: parseRecord(row.fields) };
  const entry = { type: entryTypes[row.type] as LogEntry["type"], key, revision, text, labels, fields };
  if (row.previousRevision === null) return entry;
  const previous = lazySelectable({
    revision: row.previousRevision,
    labels: row.previousLabels ?? "{}",
    fields: row.previousFields ?? "{}",
  });
  return { ...entry, previous };
}
