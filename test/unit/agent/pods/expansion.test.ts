import { expect, it } from "vitest";
import { expand } from "../../../../agent/pods/expansion.ts";

const values: Record<string, string> = { A: "one", B: "two", EMPTY: "" };

it.each([
  ["plain", "plain"],
  ["$(A)", "one"],
  ["x$(A)-$(B)y", "xone-twoy"],
  ["$(EMPTY)|", "|"],
  ["$(UNKNOWN)", "$(UNKNOWN)"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$one"],
  ["$A", "$A"],
  ["$(A", "$(A"],
  ["end$", "end$"],
  ["$(A)$(A)", "oneone"],
  ["$(A$(B))", "$(A$(B))"],
])("%s becomes %s", (text, want) => {
  expect(expand(text, (name) => values[name])).toBe(want);
});
