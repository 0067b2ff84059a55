/** The agent's epoch: reports of an agent that was started later win, even if the machine's clock was set back. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** The epoch of an agent that starts now, later than the one that the file tells of. Writes the file. */
export async function nextEpoch(file: string, now: number): Promise<number> {
  const before = Number(await readFile(file, "utf8").catch(() => "0"));
  const epoch = Number.isSafeInteger(before) ? Math.max(now, before + 1) : now;
  await mkdir(dirname(file), { recursive: true });
  // Renamed into place: half a number would be another number.
  await writeFile(`${file}.new`, `${epoch}\n`);
  await rename(`${file}.new`, file);
  return epoch;
}
