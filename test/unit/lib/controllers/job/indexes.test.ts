import { describe, expect, it } from "vitest";
import { IndexSet } from "../../../../../lib/controllers/job/indexes.ts";

describe("IndexSet", () => {
  const cases: { name: string; text: string; completions: number; want: string; size: number }[] = [
    { name: "nothing", text: "", completions: 5, want: "", size: 0 },
    { name: "one", text: "3", completions: 5, want: "3", size: 1 },
    { name: "two neighbours", text: "1,2", completions: 5, want: "1,2", size: 2 },
    { name: "a range", text: "1,2,3", completions: 5, want: "1-3", size: 3 },
    { name: "a range cut off", text: "1-9", completions: 5, want: "1-4", size: 4 },
    { name: "several", text: "0,2-4,6", completions: 10, want: "0,2-4,6", size: 5 },
    { name: "what is no index", text: "0,x,2-y,3", completions: 10, want: "0,3", size: 2 },
    { name: "what is too large", text: "1,7-9", completions: 5, want: "1", size: 1 },
  ];
  for (const { name, text, completions, want, size } of cases) {
    it(`reads and writes ${name}`, () => {
      const set = IndexSet.parse(text, completions);
      expect(String(set)).toBe(want);
      expect(set.size).toBe(size);
    });
  }

  it("joins, overlaps and finds what is missing", () => {
    const set = IndexSet.parse("0-2,6", 10).union(IndexSet.of([3, 8]));
    expect(String(set)).toBe("0-3,6,8");
    expect([set.has(3), set.has(4)]).toEqual([true, false]);
    expect(set.overlap(IndexSet.parse("2-6", 10))).toBe(3);
    expect(set.firstMissing(3, 10)).toEqual([4, 5, 7]);
    expect(set.firstMissing(9, 10)).toEqual([4, 5, 7, 9]);
  });
});
