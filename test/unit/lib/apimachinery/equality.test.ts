import { expect, test } from "vitest";
import { decodedEqual, deepEqual, semanticEqual } from "../../../../lib/apimachinery/equality.ts";

test.each([
  { name: "the same", a: { a: [1] }, b: { a: [1] }, want: [true, true, true] },
  { name: "another order of keys", a: { a: 1, b: 2 }, b: { b: 2, a: 1 }, want: [true, true, true] },
  { name: "undefined and absent", a: { a: undefined }, b: {}, want: [true, true, true] },
  { name: "null and absent", a: { a: null }, b: {}, want: [false, true, true] },
  { name: "an empty list and absent", a: { a: [] }, b: {}, want: [false, true, true] },
  { name: "an empty object and absent", a: { a: {} }, b: {}, want: [false, true, false] },
  { name: "an empty object and null", a: { a: {} }, b: { a: null }, want: [false, true, false] },
  { name: "an empty object in a list", a: [{ a: {} }], b: [{}], want: [false, true, false] },
  { name: "another value", a: { a: 1 }, b: { a: 2 }, want: [false, false, false] },
  { name: "one more item", a: [1], b: [1, 2], want: [false, false, false] },
])("$name", ({ a, b, want }) => {
  const both = [deepEqual, semanticEqual, decodedEqual].map((equal) => [equal(a, b), equal(b, a)]);
  expect(both).toEqual(want.map((one) => [one, one]));
});
