import { describe, expect, it } from "vitest";
import { parseYaml, warningTexts } from "../../../../../lib/apimachinery/yaml/parse.ts";

describe("parseYaml", () => {
  it.each([
    { name: "nothing", text: "", want: null },
    { name: "booleans of version 1.1, as keys too", text: "a: y\non: no\n", want: { a: true, true: false } },
    { name: "quoted ones are texts", text: 'a: "y"\n', want: { a: "y" } },
    { name: "numbers as keys", text: "12: a\n0x10: b\n", want: { 12: "a", 16: "b" } },
    { name: "octal", text: "a: 010\n", want: { a: 8 } },
    { name: "no numbers to the base of 60", text: "a: 1:30\n", want: { a: "1:30" } },
    {
      name: "times stay texts",
      text: "a: 2020-01-01\nb: 2020-01-01T00:00:00Z\n",
      want: { a: "2020-01-01", b: "2020-01-01T00:00:00Z" },
    },
    { name: "binary becomes text", text: "a: !!binary aGVsbG8=\n", want: { a: "hello" } },
    {
      name: "anchors and merges",
      text: "a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n",
      want: { a: { b: 1 }, c: { b: 1, d: 2 } },
    },
    { name: "the first document alone", text: "a: 1\n---\nb: 2\n", want: { a: 1 } },
    { name: "the last of a repeated key", text: "a: 1\na: 2\n", want: { a: 2 } },
  ])("$name", ({ text, want }) => {
    expect(parseYaml(text).value).toEqual(want);
  });

  it.each([
    { name: "none", text: "a: 1\nb: 2\n", want: "" },
    {
      name: "one in a map",
      text: "m:\n  k: p\n  k: q\n",
      want: 'yaml: unmarshal errors:\n  line 3: key "k" already set in map',
    },
    {
      name: "several, quoted",
      text: 'a: 1\n"a": 2\nm: {b: 1, b: 2}\n',
      want: 'yaml: unmarshal errors:\n  line 2: key "a" already set in map\n  line 3: key "b" already set in map',
    },
  ])("duplicates: $name", ({ text, want }) => {
    expect(parseYaml(text).duplicates).toBe(want);
  });

  it.each([
    { name: "a tab", text: "a:\n\tb: 1\n", want: "yaml: line 2: found character that cannot start any token" },
    { name: "an unknown anchor", text: "a: *foo\n", want: "yaml: unknown anchor 'foo' referenced" },
    {
      name: "null as a key",
      text: '~: "n"\n',
      want: 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "n"',
    },
    { name: "lists in lists", text: "- ".repeat(1_100), want: "yaml: exceeded max depth of 1000" },
    {
      name: "so many that the stack ends",
      text: `a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`,
      want: "yaml: exceeded max depth of 1000",
    },
  ])("errors: $name", ({ text, want }) => {
    expect(() => parseYaml(text)).toThrow(want);
  });
});

it("each line of a problem is a warning", () => {
  expect(warningTexts("yaml: unmarshal errors:\n  line 1: a\n  line 2: b")).toEqual(["line 1: a", "line 2: b"]);
  expect(warningTexts('unknown field "a"')).toEqual(['unknown field "a"']);
});
