/** What kube-apiserver answered, the API core answers: all recorded cases but those of not-equal.json. */
import { describe, expect, test } from "vitest";
import { areas } from "./cases.ts";
import { notEqual } from "./not-equal.ts";
import { replayArea } from "./replay-area.ts";

const listed = notEqual();

describe.each(areas())("%s", (area) => {
  test("is answered as upstream does", { timeout: 180_000 }, async () => {
    const outcomes = await replayArea(area);
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
  });
});
