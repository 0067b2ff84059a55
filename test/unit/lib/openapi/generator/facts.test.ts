import { expect, it } from "vitest";
import { factsFiles } from "../../../../../lib/openapi/generator/facts.ts";
import type { Messages, SchemaFile } from "../../../../../lib/openapi/generator/input.ts";

it("a file a group, fields in Go's order with the flags of their tags, inlined ones where they stand", () => {
  const definitions = {
    "core.v1.Thing": { f: { a: { t: "string" }, b: { t: "integer" }, kind: { t: "string" }, c: { t: "string" } } },
    Time: { t: "string" },
  };
  const messages: Messages = {
    "k8s.io.api.core.v1.Thing": {
      f: { b: [1, "opt", "int32", "B", "b", "p"], inner: [2, "opt", "k8s.io.api.core.v1.Inner", "Inner", null, "i"] },
    },
    "k8s.io.api.core.v1.Inner": {
      f: { c: [1, "opt", "string", "C", "c", "o"], a: [2, "opt", "string", "A", "a", ""] },
    },
  };
  const discovery = { groups: [] };
  const files = factsFiles(
    { version: "v1", definitions } as SchemaFile,
    messages,
    discovery,
    { x: [] },
    { accepted: {} },
  );
  expect([...files.keys()]).toEqual(["core.json", "meta.json", "api-discovery.json", "columns.json", "selectors.json"]);
  const core = JSON.parse(files.get("core.json") ?? "");
  expect(Object.entries(core["core.v1.Thing"].f)).toEqual([
    ["kind", { t: "string", g: "o" }],
    ["b", { t: "integer", g: "p" }],
    ["c", { t: "string", g: "o" }],
    ["a", { t: "string" }],
  ]);
  expect(files.get("meta.json")).toBe('{\n"Time":{"t":"string"}\n}\n');
});
