import { describe, expect, test } from "vitest";
import { labelSelectorAsSelector, parseSelector } from "../../../../lib/apimachinery/labels.ts";

describe("matching", () => {
  const cases: [string, Record<string, string>, boolean][] = [
    ["", {}, true],
    ["a=b", { a: "b" }, true],
    ["a=b", { a: "c" }, false],
    ["a==b,c", { a: "b", c: "" }, true],
    ["a!=b", {}, true],
    ["a in (x,y)", { a: "y" }, true],
    ["a notin (x)", { a: "x" }, false],
    ["a in (x,)", { a: "" }, true],
    ["!a", { b: "1" }, true],
    ["!a", { a: "1" }, false],
    ["a>5", { a: "6" }, true],
    ["a<5", { a: "x" }, false],
    ["in in (in)", { in: "in" }, true],
    ["constructor", {}, false],
  ];
  test.each(cases)("%s on %o", (text, labels, want) => expect(parseSelector(text).matches(labels)).toBe(want));
});

describe("text", () => {
  const cases = [
    ["b , a in (z,y,y)", "a in (y,z),b"],
    ["!x,a>1", "a>1,!x"],
  ];
  test.each(cases)("%s", (text, want) => expect(parseSelector(text).toString()).toBe(want));
});

describe("errors", () => {
  const cases = [
    ["a=b=c", "found '=', expected: ',' or 'end of string'"],
    ["a in", "unable to parse requirement: found '' expected: '('"],
    [",", "found ',', expected: !, identifier, or 'end of string'"],
    ["a,", "found '', expected: identifier after ','"],
    ["a x", "unable to parse requirement: found 'x', expected: in, notin, =, ==, !=, gt, lt"],
    ["a>b", `for 'Gt', 'Lt' operators, the value must be an integer`],
    ["a b/c/d", "unable to parse requirement: found 'b/c/d', expected: in, notin, =, ==, !=, gt, lt"],
    ["a=-b", 'values[0][a]: Invalid value: "-b"'],
  ];
  test.each(cases)("%s", (text, want) => expect(() => parseSelector(text)).toThrow(want));
});

test("a LabelSelector: absent matches nothing, an empty one everything", () => {
  expect(labelSelectorAsSelector(undefined).matches({})).toBe(false);
  expect(labelSelectorAsSelector({}).matches({ a: "b" })).toBe(true);
  const selector = labelSelectorAsSelector({
    matchLabels: { a: "b" },
    matchExpressions: [{ key: "c", operator: "DoesNotExist" }],
  });
  expect(selector.toString()).toBe("a=b,!c");
});
