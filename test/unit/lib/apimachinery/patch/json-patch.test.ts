import { describe, expect, it } from "vitest";
import { applyJsonPatch, JsonPatchError, type Operation } from "../../../../../lib/apimachinery/patch/json-patch.ts";

const document = { a: 1, l: ["x", "y"], m: { k: "v", "s/l~t": 1 } };

describe("applyJsonPatch", () => {
  it.each<{ name: string; operations: Operation[]; want: unknown }>([
    {
      name: "add to a map",
      operations: [{ op: "add", path: "/m/n", value: 2 }],
      want: { ...document, m: { ...document.m, n: 2 } },
    },
    {
      name: "add into a list",
      operations: [{ op: "add", path: "/l/1", value: "z" }],
      want: { ...document, l: ["x", "z", "y"] },
    },
    {
      name: "add at the end",
      operations: [{ op: "add", path: "/l/-", value: "z" }],
      want: { ...document, l: ["x", "y", "z"] },
    },
    { name: "add without a value", operations: [{ op: "add", path: "/n" }], want: { ...document, n: null } },
    {
      name: "replace, from the end",
      operations: [{ op: "replace", path: "/l/-1", value: "z" }],
      want: { ...document, l: ["x", "z"] },
    },
    {
      name: "remove an escaped key",
      operations: [{ op: "remove", path: "/m/s~1l~0t" }],
      want: { ...document, m: { k: "v" } },
    },
    {
      name: "move",
      operations: [{ op: "move", from: "/m/k", path: "/a" }],
      want: { a: "v", l: ["x", "y"], m: { "s/l~t": 1 } },
    },
    { name: "copy", operations: [{ op: "copy", from: "/l", path: "/n" }], want: { ...document, n: ["x", "y"] } },
    { name: "test that holds", operations: [{ op: "test", path: "/m/k", value: "v" }], want: document },
    { name: "test of what is absent", operations: [{ op: "test", path: "/n", value: null }], want: document },
    {
      name: "a pointer without a slash",
      operations: [{ op: "replace", path: "m/k", value: 1 }],
      want: { ...document, k: 1 },
    },
  ])("$name", ({ operations, want }) => {
    expect(applyJsonPatch(document, operations)).toEqual(want);
    expect(document).toEqual({ a: 1, l: ["x", "y"], m: { k: "v", "s/l~t": 1 } });
  });

  it.each<{ name: string; operation: Operation }>([
    { name: "an unknown operation", operation: { op: "put", path: "/a" } },
    { name: "no path", operation: { op: "remove" } },
    { name: "nothing to remove", operation: { op: "remove", path: "/n" } },
    { name: "an index past the end", operation: { op: "add", path: "/l/3", value: 1 } },
    { name: "an index that is none", operation: { op: "replace", path: "/l/x", value: 1 } },
    { name: "a parent that is absent", operation: { op: "add", path: "/n/o", value: 1 } },
    { name: "nothing to copy", operation: { op: "copy", from: "/n", path: "/o" } },
    { name: "a test that fails", operation: { op: "test", path: "/a", value: 2 } },
  ])("fails: $name", ({ operation }) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow(JsonPatchError);
  });

  it("fails: copies that double the document again and again", () => {
    const doubling = Array.from({ length: 20 }, (_, n) => ({ op: "copy", from: "/a", path: `/a/${n}` }));
    expect(() => applyJsonPatch({ a: { text: "x".repeat(1000) } }, doubling)).toThrow(JsonPatchError);
    expect(() => applyJsonPatch({ a: { text: "x".repeat(1000) } }, doubling.slice(0, 5))).not.toThrow();
  });
});
