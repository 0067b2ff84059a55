/** SQLite's errors as the store's, each with what to do next. */
import { StoreUnavailable } from "../interface.ts";

/** An error of node:sqlite: `errcode` is SQLite's extended result code. */
interface SqliteError extends Error {
  errcode: number;
}

/** Whether SQLite threw this, rather than a caller's code. */
export function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

/** What to do, by primary result code (https://sqlite.org/rescode.html). */
const advice = new Map<number, string>([
  [5, "another process uses it: stop that process (coracle down), or choose another data folder"],
  [6, "another process uses it: stop that process (coracle down), or choose another data folder"],
  [8, "it may not be written: check the file's permissions and that its disk is not mounted read-only"],
  [10, "its disk answered with an error: check the disk (dmesg), then start again"],
  [11, "it is damaged: restore it from a backup, or move it away to start with an empty cluster"],
  [13, "its disk is full: free some space and try again; nothing that was acknowledged is lost"],
  [14, "it could not be opened: check that its folder exists and is writable"],
  [23, "access was denied: check the file's permissions"],
  [26, "it is not a database of Coracle: restore it from a backup, or move it away to start with an empty cluster"],
]);

/** The sync of the log failed, so what is on the disk is unknown. */
const ioErrorSync = 1034;

/** After such an error nothing the open file says can be trusted; a restart reads the disk anew. */
export function isFatal(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode === ioErrorSync || (error.errcode & 0xff) === 11);
}

/** StoreUnavailable for an error of SQLite; any other error stays what it is. */
export function translate(error: unknown, file: string): unknown {
  if (!isSqliteError(error)) return error;
  const todo = advice.get(error.errcode & 0xff) ?? "start again; if that does not help, restore it from a backup";
  return new StoreUnavailable(`the database ${file}: ${todo} (SQLite: ${error.message})`, { cause: error });
}
