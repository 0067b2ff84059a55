import { describe, expect, it } from "vitest";
import { jsonKind, readBase64, readMicroTime, readQuantity, readTime } from "../../../../lib/openapi/scalars.ts";

describe("what is read is written in canonical form", () => {
  it.each([
    { name: "a time", got: readTime("2020-02-29T23:59:59Z"), want: "2020-02-29T23:59:59Z" },
    { name: "a time elsewhere", got: readTime("2020-01-01T01:00:00.9+01:00"), want: "2020-01-01T00:00:00Z" },
    {
      name: "microseconds",
      got: readMicroTime("2020-01-01T01:00:00.123456+01:00"),
      want: "2020-01-01T00:00:00.123456Z",
    },
    { name: "a quantity", got: readQuantity("1024Mi"), want: "1Gi" },
    { name: "a quantity that is a number", got: readQuantity(0.5), want: "500m" },
    { name: "base64 with line breaks", got: readBase64("aGVs\nbG8="), want: "aGVsbG8=" },
    { name: "a kind", got: jsonKind([]), want: "array" },
    { name: "a number that is shown", got: jsonKind(1.5, true), want: "number 1.5" },
  ])("$name", ({ got, want }) => {
    expect(got).toBe(want);
  });
});

describe("errors are worded as Go does", () => {
  it.each([
    {
      name: "a month that is none",
      read: () => readTime("2020-13-01T00:00:00Z"),
      want: 'parsing time "2020-13-01T00:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse "13-01T00:00:00Z" as "01"',
    },
    {
      name: "a day that the month has not",
      read: () => readTime("2021-02-30T00:00:00Z"),
      want: 'parsing time "2021-02-30T00:00:00Z": day out of range',
    },
    { name: "text after a time", read: () => readTime("2020-01-01T00:00:00Zx"), want: 'extra text: "x"' },
    {
      name: "microseconds with too few digits",
      read: () => readMicroTime("2020-01-01T00:00:00.5Z"),
      want: 'as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".5Z" as ".000000"',
    },
    {
      name: "microseconds without digits",
      read: () => readMicroTime("2020-01-01T00:00:00Z"),
      want: 'cannot parse "Z" as ".000000"',
    },
    {
      name: "microseconds with too many digits",
      read: () => readMicroTime("2020-01-01T00:00:00.500000000Z"),
      want: 'cannot parse "000Z" as "Z07:00"',
    },
    { name: "bytes that are no base64", read: () => readBase64("aGV?"), want: "illegal base64 data at input byte 3" },
    { name: "not a quantity", read: () => readQuantity("x"), want: "quantities must match the regular expression" },
  ])("$name", ({ read, want }) => {
    expect(read).toThrow(want);
  });
});
