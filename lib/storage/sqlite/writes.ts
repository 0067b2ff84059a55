/** The three writes as they run inside a group's transaction. */
import type { DatabaseSync } from "node:sqlite";
import {
  KeyExists,
  KeyNotFound,
  type LogEntry,
  RevisionConflict,
  type Selectable,
  type Value,
  ValueTooLarge,
} from "../interface.ts";
import { isTooLarge, maxTextBytes } from "../keys.ts";
import type { CollectionState } from "./collection-state.ts";

/** The log's column `type`. */
export const entryTypes = ["created", "updated", "deleted"] as const;

const created = 0;
const updated = 1;
const deleted = 2;

/** The newest version of an object, without its text. */
interface Current {
  readonly id: number;
  readonly revision: number;
  readonly labels: string;
  readonly fields: string;
  readonly owners: string;
}

/** The same object again and again where there is nothing in it. */
const empty: Readonly<Record<string, string>> = Object.freeze({});

/** Reads a column of labels or fields. */
export function parseRecord(text: string): Readonly<Record<string, string>> {
  return text === "{}" ? empty : JSON.parse(text);
}

/** What a change is to be. */
export interface Change {
  readonly state: CollectionState;
  readonly key: string;
  readonly value: Value;
  /** Absent: a creation. */
  readonly expected?: number;
  readonly isDeletion?: boolean;
}

/** Prepared statements of the writes. Every method belongs inside a transaction. */
export class Writer {
  /** The log's ids come from memory: the file is ours alone. */
  private nextId: number;
  private readonly insertObject;
  private readonly pointObject;
  private readonly deleteObject;
  private readonly insertLog;
  private readonly selectCurrent;
  private readonly insertOwner;
  private readonly deleteOwner;
  private readonly updateRevision;

  constructor(db: DatabaseSync) {
    this.nextId = Number(db.prepare("SELECT coalesce(max(id), 0) + 1 AS id FROM log").get()?.id);
    this.insertObject = db.prepare("INSERT INTO object VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    this.pointObject = db.prepare("UPDATE object SET log = ? WHERE collection = ? AND key = ?");
    this.deleteObject = db.prepare("DELETE FROM object WHERE collection = ? AND key = ?");
    this.insertLog = db.prepare("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.selectCurrent = db.prepare(
      `SELECT log.id, revision, labels, fields, owners FROM object JOIN log ON log.id = object.log
       WHERE object.collection = ? AND object.key = ?`,
    );
    this.insertOwner = db.prepare("INSERT INTO owner VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
    this.deleteOwner = db.prepare("DELETE FROM owner WHERE cluster = ? AND uid = ? AND collection = ? AND key = ?");
    this.updateRevision = db.prepare("UPDATE collection SET revision = ? WHERE id = ?");
  }

  /** Throws KeyExists, KeyNotFound and RevisionConflict before it changes anything. */
  apply(change: Change): LogEntry {
    const { state, key } = change;
    const { counter } = state;
    const current = change.expected === undefined ? undefined : this.expect(change, change.expected);
    const revision = counter.pending + 1;
    const text = checkedText(change.value, revision);
    const id = this.nextId;
    if (current === undefined) {
      if (this.insertObject.run(state.id, key, id).changes === 0) throw new KeyExists(`${key} exists`);
    } else if (change.isDeletion) {
      this.deleteObject.run(state.id, key);
    } else {
      this.pointObject.run(id, state.id, key);
    }
    const type = current === undefined ? created : change.isDeletion ? deleted : updated;
    this.log(change, { id, revision, type, text, current });
    this.nextId = id + 1;
    counter.pending = revision;
    state.pending = revision;
    return entryOf(change, entryTypes[type], revision, text, current);
  }

  /** Keeps the collection's new revision. */
  keepRevision(state: CollectionState): void {
    this.updateRevision.run(state.pending, state.id);
  }

  private expect({ state, key }: Change, expected: number): Current {
    const current = this.selectCurrent.get(state.id, key) as Current | undefined;
    if (current === undefined) throw new KeyNotFound(`${key} is not there`);
    if (current.revision === expected) return current;
    throw new RevisionConflict(`${key} is at revision ${current.revision}, not ${expected}`);
  }

  private log(
    { state, key, value }: Change,
    row: { id: number; revision: number; type: number; text: string; current: Current | undefined },
  ): void {
    const { id, revision, type, text, current } = row;
    const owners = type === deleted ? "" : value.owners.join(" ");
    const labels = JSON.stringify(value.labels);
    const fields = JSON.stringify(value.fields);
    const previous = current?.id ?? null;
    this.insertLog.run(id, state.id, revision, type, previous, key, labels, fields, owners, text);
    if (owners !== (current?.owners ?? "")) this.moveOwners(state, key, current?.owners ?? "", owners);
  }

  private moveOwners(state: CollectionState, key: string, from: string, to: string): void {
    const { cluster } = state.collection;
    for (const uid of from.split(" ")) if (uid !== "") this.deleteOwner.run(cluster, uid, state.id, key);
    for (const uid of to.split(" ")) if (uid !== "") this.insertOwner.run(cluster, uid, state.id, key);
  }
}

/** Throws ValueTooLarge, or what the caller's code throws. */
function checkedText(value: Value, revision: number): string {
  const text = value.text(revision);
  if (!isTooLarge(text)) return text;
  throw new ValueTooLarge(`the object is larger than ${maxTextBytes} bytes: make it smaller, or split it`);
}

/** The change as watchers see it; nobody pays for parsing what no watcher reads. */
function entryOf(
  { key, value }: Change,
  type: LogEntry["type"],
  revision: number,
  text: string,
  current: Current | undefined,
): LogEntry {
  const { labels, fields } = value;
  if (current === undefined) return { type, key, revision, text, labels, fields };
  return { type, key, revision, text, labels, fields, previous: lazySelectable(current) };
}

/** Labels and fields parsed when first looked at. */
export function lazySelectable(row: {
  readonly revision: number;
  readonly labels: string;
  readonly fields: string;
}): Selectable & { readonly revision: number } {
  let labels: Selectable["labels"] | undefined;
  let fields: Selectable["fields"] | undefined;
  return {
    revision: row.revision,
    get labels() {
      labels ??= parseRecord(row.labels);
      return labels;
    },
    get fields() {
      fields ??= parseRecord(row.fields);
      return fields;
    },
  };
}
