/** The tables of the database file, and how it is opened. */
import { DatabaseSync } from "node:sqlite";
import { firstRevision, StoreUnavailable } from "../interface.ts";
import { isSqliteError, translate } from "./errors.ts";

/** Kept in the file's header; a file of another version is refused. */
const schemaVersion = 1;

/**
 * The text of a version is stored once, in its log entry; an object row only points to the newest one. `previous` is
 * the id of the entry that was replaced. `cleaned` is how far the compaction has removed entries already.
 */
const schema = `
  CREATE TABLE collection (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    "group" TEXT NOT NULL,
    resource TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT ${firstRevision},
    compacted INTEGER NOT NULL DEFAULT ${firstRevision},
    cleaned INTEGER NOT NULL DEFAULT 0,
    UNIQUE (cluster, "group", resource)
  );
  CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    type INTEGER NOT NULL,
    previous INTEGER,
    key TEXT NOT NULL,
    labels TEXT NOT NULL,
    fields TEXT NOT NULL,
    owners TEXT NOT NULL,
    text TEXT NOT NULL
  );
  CREATE UNIQUE INDEX log_revision ON log (collection, revision);
  CREATE TABLE object (
    collection INTEGER NOT NULL,
    key TEXT NOT NULL,
    log INTEGER NOT NULL,
    PRIMARY KEY (collection, key)
  ) WITHOUT ROWID;
  CREATE TABLE owner (
    cluster TEXT NOT NULL,
    uid TEXT NOT NULL,
    collection INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (cluster, uid, collection, key)
  ) WITHOUT ROWID;
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Opens or makes the file; `durable: false` leaves the syncing to the kernel. The file is locked for this process
 * alone, since revisions are kept in memory. Throws StoreUnavailable.
 */
export function openDatabase(file: string, durable: boolean): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA journal_mode = WAL");
    db.exec(`PRAGMA synchronous = ${durable ? "FULL" : "OFF"}`);
    db.exec("PRAGMA cache_size = -8000");
    db.exec("PRAGMA temp_store = MEMORY");
    // An exclusive lock is taken by the first write, so that a second process is refused here and not later.
    db.exec("BEGIN IMMEDIATE");
    const version = db.prepare("PRAGMA user_version").get()?.user_version;
    if (version === 0) db.exec(schema);
    db.exec("COMMIT");
    if (version !== 0 && version !== schemaVersion) {
      throw new StoreUnavailable(
        `the database ${file} has format ${version}, this Coracle reads format ${schemaVersion}: use the version of Coracle that made it, or another data folder`,
      );
    }
    return db;
  } catch (error) {
    db?.close();
    throw isSqliteError(error) ? translate(error, file) : error;
  }
}
