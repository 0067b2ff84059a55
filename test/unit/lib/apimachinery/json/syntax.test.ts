import { describe, expect, it } from "vitest";
import {
  duplicateKeys,
  maxNesting,
  nestingError,
  syntaxErrorText,
} from "../../../../../lib/apimachinery/json/syntax.ts";

describe("nestingError", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  it.each([
    { name: "as deep as may be", text: nested(maxNesting), want: undefined },
    { name: "one more", text: nested(maxNesting + 1), want: "invalid character '[' exceeded max depth" },
    { name: "objects", text: '{"a":'.repeat(100_000), want: "invalid character '{' exceeded max depth" },
    { name: "one beside the other", text: `[${"[[{}]],".repeat(2_000)}1]`, want: undefined },
    { name: "in a text", text: `{"a":"\\"${"[".repeat(2_000)}"}`, want: undefined },
    { name: "in a text that does not end", text: `"${"[".repeat(2_000)}`, want: undefined },
  ])("$name", ({ text, want }) => expect(nestingError(text)).toBe(want));
});

describe("syntaxErrorText", () => {
  it.each([
    { text: "", want: "unexpected end of JSON input" },
    { text: '{"a": {"b": ', want: "unexpected end of JSON input" },
    { text: '{"a": "b', want: "unexpected end of JSON input" },
    { text: "x", want: "invalid character 'x' looking for beginning of value" },
    { text: '{"a": 1,}', want: "invalid character '}' looking for beginning of object key string" },
    { text: "{'a': 1}", want: "invalid character '\\'' looking for beginning of object key string" },
    { text: '{"a" 1}', want: "invalid character '1' after object key" },
    { text: '{"a": 1 "b"}', want: "invalid character '\"' after object key:value pair" },
    { text: "[1 2]", want: "invalid character '2' after array element" },
    { text: "[1] 2", want: "invalid character '2' after top-level value" },
    { text: "nul", want: "unexpected end of JSON input" },
    { text: "nulx", want: "invalid character 'x' in literal null (expecting 'l')" },
    { text: "-x", want: "invalid character 'x' in numeric literal" },
    { text: "1.x", want: "invalid character 'x' after decimal point in numeric literal" },
    { text: "1ex", want: "invalid character 'x' in exponent of numeric literal" },
    { text: '"a\nb"', want: "invalid character '\\n' in string literal" },
    { text: '"\\x"', want: "invalid character 'x' in string escape code" },
    { text: '"\\u00g0"', want: "invalid character 'g' in \\u hexadecimal character escape" },
    { text: "\ufeff{}", want: "invalid character 'ï' looking for beginning of value" },
  ])("$text", ({ text, want }) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(syntaxErrorText(text)).toBe(want);
  });
});

describe("duplicateKeys", () => {
  it.each([
    { name: "none", text: '{"a": {"b": 1}, "c": {"b": 1}}', want: [] },
    { name: "at the top", text: '{"a": 1, "a": 2}', want: ["a"] },
    { name: "each once", text: '{"a": 1, "a": 2, "a": 3}', want: ["a"] },
    { name: "deep", text: '{"m": {"l": {"x": 1, "x": 2}}}', want: ["m.l.x"] },
    { name: "in lists", text: '{"l": [{"a": 1}, {"a": 1, "a": 2}]}', want: ["l[1].a"] },
    { name: "in a list at the top", text: '[{"a": 1}, {"a": [1, {"b": 1, "b": 2}]}]', want: ["[1].a[1].b"] },
    { name: "written with an escape", text: '{"a": 1, "\\u0061": 2}', want: ["a"] },
    { name: "texts that look like keys", text: '{"a": "\\"a\\": {", "b": ["a", "a", "{", "\\\\"]}', want: [] },
    { name: "after an empty object", text: '{"a": {}, "b": [], "a": 1}', want: ["a"] },
  ])("$name", ({ text, want }) => {
    expect(duplicateKeys(text)).toEqual(want);
  });
});
