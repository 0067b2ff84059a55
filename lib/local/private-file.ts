/** Files that only their owner may read. */
import { renameSync, rmSync, writeFileSync } from "node:fs";

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
