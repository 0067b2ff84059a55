import { describe, expect, test } from "vitest";
import { collectionId, compareKeys, isTooLarge, maxTextBytes, prefixEnd } from "../../../../lib/storage/keys.ts";

describe("compareKeys", () => {
  test.each([
    { name: "equal", a: "a/x", b: "a/x", want: 0 },
    { name: "plain", a: "a/x", b: "a/y", want: -1 },
    { name: "a prefix comes first", a: "a", b: "a/x", want: -1 },
    { name: "dash before slash", a: "a-b/x", b: "a/x", want: -1 },
    { name: "surrogates after the rest of the BMP, as in UTF-8", a: "\uff5e", b: "\u{1f600}", want: -1 },
    { name: "and the other way round", a: "\u{1f600}", b: "\uff5e", want: 1 },
  ])("$name", ({ a, b, want }) => {
    expect(Math.sign(compareKeys(a, b))).toBe(want);
    expect(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))).toBe(want);
  });

  test("prefixEnd is above every key of the prefix and below the next one", () => {
    for (const key of ["a/", "a/x", "a/~", "a/\uffff", "a/\u{1f600}"]) {
      expect(compareKeys(key, prefixEnd("a/"))).toBeLessThan(0);
    }
    expect(compareKeys("a0", prefixEnd("a/"))).toBeGreaterThan(0);
  });
});

describe("isTooLarge", () => {
  test.each([
    { name: "empty", text: "", want: false },
    { name: "just fits", text: "x".repeat(maxTextBytes), want: false },
    { name: "one more", text: "x".repeat(maxTextBytes + 1), want: true },
    { name: "few characters of many bytes", text: "€".repeat(maxTextBytes / 3 + 1), want: true },
    { name: "just fits in bytes", text: "€".repeat(maxTextBytes / 3), want: false },
  ])("$name", ({ text, want }) => expect(isTooLarge(text)).toBe(want));
});

test("collectionId keeps different collections apart", () => {
  const ids = [
    collectionId({ cluster: "a", group: "", resource: "b" }),
    collectionId({ cluster: "a", group: "b", resource: "" }),
    collectionId({ cluster: "", group: "a", resource: "b" }),
    collectionId({ cluster: "ab", group: "", resource: "" }),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});
