import { describe, expect, test } from "vitest";
import { yamlText } from "../../../../lib/apiserver/yaml-text.ts";

/** What kube-apiserver v1.36.3 wrote of the same values. */
describe("scalars", () => {
  test.each([
    { name: "a word", value: "abc", want: "abc" },
    { name: "nothing", value: "", want: '""' },
    { name: "digits", value: "12", want: '"12"' },
    { name: "a word that reads as a boolean", value: "yes", want: '"yes"' },
    { name: "a word that reads as nothing", value: "~", want: '"~"' },
    { name: "a time", value: "2020-01-01T00:00:00Z", want: '"2020-01-01T00:00:00Z"' },
    { name: "what looks like a list", value: "- a", want: "'- a'" },
    { name: "what looks like a map", value: "a: b", want: "'a: b'" },
    { name: "a quote", value: "it's: so", want: "'it''s: so'" },
    { name: "a comment", value: "a #b", want: "'a #b'" },
    { name: "lines", value: "x\ny\n", want: "|\n  x\n  y" },
    { name: "lines without an end", value: "x\ny", want: "|-\n  x\n  y" },
    { name: "lines that begin with spaces", value: "  lead\n x", want: "|2-\n    lead\n   x" },
    { name: "a tab", value: "tab\tx\n", want: '"tab\\tx\\n"' },
    { name: "a number", value: 3, want: "3" },
    { name: "null", value: null, want: "null" },
  ])("$name", ({ value, want }) => {
    expect(yamlText({ k: value })).toBe(`k: ${want}\n`);
  });
});

test("keys are sorted, lists begin at their key's column, empty ones stay on the line", () => {
  const value = { b: [{ d: 1, c: [[2]] }], a: {}, e: [] };
  expect(yamlText(value)).toBe("a: {}\nb:\n- c:\n  - - 2\n  d: 1\ne: []\n");
});

test("a long scalar breaks at the first space beyond column 80", () => {
  const text = `${"word ".repeat(17)}more and: more`;
  expect(yamlText({ k: text })).toBe(`k: '${"word ".repeat(15)}word\n  word more and: more'\n`);
});
