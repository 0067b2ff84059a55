/** The cases that are not equal yet, each with its reason: not-equal.json. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "not-equal.json");

/** `area/case` → why. */
export function notEqual(): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Writes the list, sorted. */
export function writeNotEqual(list: Readonly<Record<string, string>>): void {
  const sorted = Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}
