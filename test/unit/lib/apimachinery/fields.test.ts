import { describe, expect, test } from "vitest";
import { parseFieldSelector } from "../../../../lib/apimachinery/fields.ts";

describe("matching", () => {
  const cases: [string, Record<string, string>, boolean][] = [
    ["", {}, true],
    ["a=b", { a: "b" }, true],
    ["a==b", { a: "b" }, true],
    ["a!=b", {}, true],
    ["a=", {}, true],
    ["a=x\\,y,b=1", { a: "x,y", b: "1" }, true],
  ];
  test.each(cases)("%s", (text, fields, want) => expect(parseFieldSelector(text).matches(fields)).toBe(want));
});

describe("errors", () => {
  const cases = [
    ["abc", "invalid selector: 'abc'; can't understand 'abc'"],
    ["a=b=c", "invalid field selector: unescaped character in value: 61"],
    ["a=\\x", "invalid field selector: invalid escape sequence: \\x"],
  ];
  test.each(cases)("%s", (text, want) => expect(() => parseFieldSelector(text)).toThrow(want));
});
