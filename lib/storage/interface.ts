/**
 * The store's contract. Two drivers fulfil it: SQLite (`sqlite/`) and DynamoDB (`../aws/dynamodb/`); one suite
 * (`test/suites/store.ts`) runs on both.
 *
 * - A collection is what upstream stores under one prefix: (cluster, storage group, resource). Revisions are positive,
 *   growing integers of one collection, never reused, and comparable only within it. They may have gaps: a driver may
 *   count all collections of a cluster with one counter.
 * - Values are JSON text, ready to send. Labels and selectable fields are kept beside it, so nothing here parses it.
 * - Every change is a log entry, written in the same transaction as the object. Watch and history read the log.
 * - Keys are `namespace/name`, or `name` where there is no namespace; lists come in the byte order of keys.
 */

/** The revision of a collection before its first write: never 0, which the API's clients take for "any". */
export const firstRevision = 1;

/** What upstream stores once: Events of both groups are one collection (group ""). */
export interface Collection {
  readonly cluster: string;
  readonly group: string;
  readonly resource: string;
}

/** What a write stores. */
export interface Value {
  /** The object as JSON with `revision` as its resourceVersion. Called once or more (a lost ticket asks again). */
  text(revision: number): string;
  readonly labels: Readonly<Record<string, string>>;
  /** The selectable fields, `metadata.name` and `metadata.namespace` left out (they are the key). */
  readonly fields: Readonly<Record<string, string>>;
  /** The uids of metadata.ownerReferences. */
  readonly owners: readonly string[];
}

/** An object to create. */
export interface NewObject {
  readonly key: string;
  readonly value: Value;
}

/** What a read gives. */
export interface StoredObject {
  readonly key: string;
  readonly revision: number;
  readonly text: string;
}

/** Labels and selectable fields of one version. */
export interface Selectable {
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** Decides by key, labels and fields; absent: everything matches. */
export type Matcher = (key: string, object: Selectable) => boolean;

/** One change. */
export interface LogEntry extends Selectable {
  readonly type: "created" | "updated" | "deleted";
  readonly key: string;
  readonly revision: number;
  /** The object after the change; of a deletion the last state with the deletion's revision. */
  readonly text: string;
  /** The version that this change replaced; absent of a creation. */
  readonly previous?: Selectable & { readonly revision: number };
}

/** What list answers. */
export interface ListResult {
  /** A revision whose state this is, the collection's last one or newer; every page of one list has the same. */
  readonly revision: number;
  readonly items: readonly StoredObject[];
  /** The last key looked at, where more follow; continue with `after` = this and `revision`. */
  readonly next?: string;
  /** How many more keys follow in the prefix; only where `next` is set and no matcher was given. */
  readonly remaining?: number;
}

/** What list takes. */
export interface ListOptions {
  /** Only keys that begin with this (`default/`). */
  readonly prefix?: string;
  /** Only keys after this one. */
  readonly after?: string;
  /** At most so many items; absent: all. */
  readonly limit?: number;
  /** The state at this revision; absent: the newest. */
  readonly revision?: number;
  readonly matches?: Matcher;
}

/** Where a watch begins. */
export interface WatchOptions {
  /** Entries above this revision; 0 is the beginning of the collection's kept history. */
  readonly after: number;
  readonly prefix?: string;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** Some of a collection's log: contiguous, in order, each entry once. */
export interface WatchBatch {
  readonly entries: readonly LogEntry[];
  /** Everything up to this revision has been delivered (entries outside the prefix count): what a bookmark says. */
  readonly revision: number;
}

/** An object of some collection, found by its owner. */
export interface OwnedObject {
  readonly collection: Collection;
  readonly key: string;
}

/**
 * A store. All methods but close may throw StoreUnavailable. Writes are durable when their promise resolves.
 * `expected` is the revision that must be the object's current one.
 */
export interface Store {
  /** Throws KeyExists. Returns the new revision. */
  create(collection: Collection, key: string, value: Value): Promise<number>;
  /**
   * Creates those of some different objects whose keys are free, in few steps rather than one by one; each of them is
   * whole or not there, also where this throws. Throws ValueTooLarge. Returns the new revisions, 0 for a key that is
   * taken.
   */
  createMissing(collection: Collection, objects: readonly NewObject[]): Promise<readonly number[]>;
  /** Throws KeyNotFound, RevisionConflict. Returns the new revision. */
  update(collection: Collection, key: string, expected: number, value: Value): Promise<number>;
  /** Throws KeyNotFound, RevisionConflict. `value` is the last state, as watchers see it. Returns the deletion's revision. */
  delete(collection: Collection, key: string, expected: number, value: Value): Promise<number>;
  /** A consistent read. */
  get(collection: Collection, key: string): Promise<StoredObject | undefined>;
  /** A consistent list: what was acknowledged before the call is in it. Throws RevisionCompacted, RevisionInFuture. */
  list(collection: Collection, options?: ListOptions): Promise<ListResult>;
  /** How many keys there are in the prefix. */
  count(collection: Collection, prefix?: string): Promise<number>;
  /** The newest settled revision that changed the collection; `firstRevision` where nothing was ever written. */
  revision(collection: Collection): Promise<number>;
  /** The same of each of several collections, in fewer steps. */
  revisions(collections: readonly Collection[]): Promise<readonly number[]>;
  /**
   * Tails the log until the signal aborts (then it ends without an error). A batch may have no entries: it then only
   * says how far the log has been read. Throws RevisionCompacted at the start or when the reader falls behind the
   * kept history. A revision in the future waits for it.
   */
  watch(collection: Collection, options: WatchOptions): AsyncIterable<WatchBatch>;
  /** The log entry of a revision, while history keeps it. */
  logEntry(collection: Collection, revision: number): Promise<LogEntry | undefined>;
  /** All objects of the cluster that name this uid in their ownerReferences. */
  listByOwner(cluster: string, uid: string): Promise<readonly OwnedObject[]>;
  /** The collections of the cluster that have or had objects. */
  collections(cluster: string): Promise<readonly Collection[]>;
  /** Forgets log entries that were superseded at or before the revision; lists and watches below it are refused. */
  compact(collection: Collection, revision: number): Promise<void>;
  /** Ends watches, finishes writes, releases files and connections. */
  close(): Promise<void>;
}

/** create: the key is there already. */
export class KeyExists extends Error {
  override name = "KeyExists";
}

/** update, delete: there is no such key. */
export class KeyNotFound extends Error {
  override name = "KeyNotFound";
}

/** update, delete: the object's revision is another one than expected. */
export class RevisionConflict extends Error {
  override name = "RevisionConflict";
}

/** The revision's history is gone; `current` is the newest revision, `compacted` the newest that is gone. */
export class RevisionCompacted extends Error {
  override name = "RevisionCompacted";
  readonly compacted: number;
  readonly current: number;
  constructor(compacted: number, current: number) {
    super(`revision ${compacted} and older are compacted`);
    this.compacted = compacted;
    this.current = current;
  }
}

/** list: the revision has not been reached yet. */
export class RevisionInFuture extends Error {
  override name = "RevisionInFuture";
  readonly current: number;
  constructor(current: number) {
    super(`the newest revision is ${current}`);
    this.current = current;
  }
}

/** The store cannot answer now (throttled, disk full, ...); the message says what to do. */
export class StoreUnavailable extends Error {
  override name = "StoreUnavailable";
}

/** The text of an object is larger than the store takes (1.5 MiB). */
export class ValueTooLarge extends Error {
  override name = "ValueTooLarge";
}
