import { expect, test } from "vitest";
import { goJson, quote } from "../../../../lib/apimachinery/quote.ts";

test.each([
  { name: "plain text", text: "a b!", want: '"a b!"' },
  { name: "quotes and backslashes", text: 'a"\\', want: '"a\\"\\\\"' },
  { name: "controls with a name", text: "\u0007\b\f\n\r\t\v", want: '"\\a\\b\\f\\n\\r\\t\\v"' },
  { name: "other controls", text: "\0\u001f\u007f", want: '"\\x00\\x1f\\x7f"' },
  { name: "letters of the world", text: "ü日🙂", want: '"ü日🙂"' },
  {
    name: "blanks that are not plain, and marks",
    text: "\u00a0\u2028\u200b\ufeff",
    want: '"\\u00a0\\u2028\\u200b\\ufeff"',
  },
  { name: "what cannot be seen beyond the first plane", text: "\u{e0001}", want: '"\\U000e0001"' },
])("$name", ({ text, want }) => expect(quote(text)).toBe(want));

test("JSON is safe inside of HTML", () => {
  expect(goJson({ "a>b": "<&\u2028\u2029\u0001" })).toBe('{"a\\u003eb":"\\u003c\\u0026\\u2028\\u2029\\u0001"}');
});
