/** Files that only their owner may read. */
import { chmodSync, closeSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes a file as a whole or not at all, readable by its owner alone. Throws what the file system says. */
export function writePrivateFile(file: string, content: string): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(partial, content, { mode: 0o600, flush: true });
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Makes a file where it is missing, and readable by its owner alone in any case. Throws what the file system says. */
export function ensurePrivateFile(file: string): void {
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
}
