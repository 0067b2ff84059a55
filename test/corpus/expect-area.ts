/** What must hold of an area's outcomes, wherever it was replayed. */
import { expect } from "vitest";
import { notEqual } from "./not-equal.ts";
import type { Outcome } from "./replay-area.ts";

/** Exactly the cases of not-equal.json differ. */
export function expectArea(area: string, outcomes: readonly Outcome[]): void {
  const listed = notEqual();
  const different = outcomes.filter(({ id, difference }) => difference !== undefined && !(id in listed));
  expect(different, "cases that differ and are not in not-equal.json").toEqual([]);
  const better = outcomes.filter(({ id, difference }) => difference === undefined && id in listed);
  expect(
    better.map(({ id }) => id),
    "cases that are equal now: take them off the list with `node test/corpus/replay.ts AREA --list`",
  ).toEqual([]);
  const known = new Set(outcomes.map(({ id }) => id));
  const stale = Object.keys(listed).filter((id) => id.startsWith(`${area}/`) && !known.has(id));
  expect(stale, "listed cases that are not in the corpus").toEqual([]);
}
