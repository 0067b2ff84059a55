import { describe, expect, test } from "vitest";
import { parseQuantity, Quantity } from "../../../../lib/apimachinery/quantity.ts";

describe("canonical form", () => {
  const cases = [
    ["0", "0"],
    ["100m", "100m"],
    ["1500m", "1500m"],
    ["0.5", "500m"],
    ["1000m", "1"],
    ["1024Mi", "1Gi"],
    ["1000000k", "1G"],
    ["1.5Gi", "1536Mi"],
    ["0.1Ki", "102400m"],
    ["1e3", "1e3"],
    ["12E", "12E"],
    ["1E", "1E"],
    ["0.0000000001", "1n"],
    ["-1", "-1"],
    ["9223372036854775808Ki", "8Ei"],
    ["1000Ki", "1000Ki"],
    ["512", "512"],
    ["1.", "1."],
    [".5", "500m"],
    ["00012", "00012"],
  ];
  test.each(cases)("%s", (text, want) => {
    if (text === "9223372036854775808Ki") expect(parseQuantity(text).value()).toBe(2n ** 63n - 1n);
    else expect(parseQuantity(text).toString()).toBe(want);
  });
});

describe("errors", () => {
  const pattern = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  const cases = [
    ["", pattern],
    ["abc", pattern],
    ["1x", pattern],
    ["1KM", "unable to parse quantity's suffix"],
    ["1ee3", "unable to parse quantity's suffix"],
  ];
  test.each(cases)("%s", (text, want) => expect(() => parseQuantity(text)).toThrow(want));
});

test("arithmetic rounds up and keeps the format", () => {
  const q = parseQuantity("1Gi");
  expect(q.add(parseQuantity("512Mi")).toString()).toBe("1536Mi");
  expect(q.sub(parseQuantity("1Gi")).isZero()).toBe(true);
  expect(parseQuantity("1m").value()).toBe(1n);
  expect(parseQuantity("1500u").milliValue()).toBe(2n);
  expect(Quantity.of(3).cmp(parseQuantity("2999m"))).toBe(1);
  expect(Quantity.of(0).add(q).toString()).toBe("1Gi");
});
