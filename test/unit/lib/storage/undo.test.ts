import { describe, expect, test } from "vitest";
import { planUndo } from "../../../../lib/storage/undo.ts";

describe("planUndo", () => {
  test.each([
    { name: "nothing", entries: [], changed: [], restored: [] },
    { name: "created since: left out", entries: [{ key: "a" }], changed: ["a"], restored: [] },
    {
      name: "changed twice: the oldest change knows what was there",
      entries: [
        { key: "a", previous: 1 },
        { key: "a", previous: 2 },
      ],
      changed: ["a"],
      restored: [{ key: "a", previous: 1 }],
    },
    {
      name: "created, deleted and created again: was not there",
      entries: [{ key: "a" }, { key: "a", previous: 2 }, { key: "a" }],
      changed: ["a"],
      restored: [],
    },
    {
      name: "in key order",
      entries: [{ key: "c", previous: 3 }, { key: "a", previous: 1 }, { key: "b" }],
      changed: ["c", "a", "b"],
      restored: [
        { key: "a", previous: 1 },
        { key: "c", previous: 3 },
      ],
    },
  ])("$name", ({ entries, changed, restored }) => {
    const undo = planUndo<number>(entries);
    expect([...undo.changed]).toEqual(changed);
    expect(undo.restored).toEqual(restored);
  });
});
