import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { strategies } from "../../../../../lib/registry/index.ts";
import {
  ageCell,
  containerCells,
  durationCell,
  labelsCell,
  noneIfEmpty,
  selectorCell,
} from "../../../../../lib/registry/printers/cells.ts";
import { columnPhrase } from "../../../../../lib/registry/printers/column-phrases.ts";
import { columnsOf } from "../../../../../lib/registry/printers/columns.ts";

const facts = new URL("../../../../../lib/openapi/facts/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, facts), "utf8"));

describe("cells", () => {
  test("say as a human would", () => {
    const now = Date.UTC(2026, 0, 1);
    expect([ageCell(undefined, now), ageCell("2025-12-31T23:00:00Z", now), durationCell(90_000)]).toEqual([
      "<unknown>",
      "60m",
      "90s",
    ]);
    expect([noneIfEmpty(""), labelsCell({ b: "2", a: "1" }), labelsCell(undefined)]).toEqual([
      "<none>",
      "a=1,b=2",
      "<none>",
    ]);
    expect(containerCells([{ name: "a", image: "i" }, { name: "b" }])).toEqual(["a,b", "i,"]);
  });

  test.each([
    { name: "none", selector: undefined, want: "<none>" },
    { name: "an empty one", selector: {}, want: "<none>" },
    { name: "labels", selector: { matchLabels: { a: "b" } }, want: "a=b" },
    {
      name: "an expression",
      selector: { matchExpressions: [{ key: "a", operator: "In", values: ["y", "x"] }] },
      want: "a in (x,y)",
    },
    { name: "a malformed one", selector: { matchExpressions: [{ key: "a", operator: "Near" }] }, want: "<error>" },
  ])("of a selector: $name", ({ selector, want }) => {
    expect(selectorCell(selector)).toBe(want);
  });
});

describe("columns", () => {
  test("say what they mean: a field's own text, or a sentence", () => {
    const [name, ready] = columnsOf("", "v1", "pods");
    expect(name).toMatchObject({ name: "Name", type: "string", format: "name", priority: 0 });
    expect(name.description).toContain("Name must be unique within a namespace.");
    expect(ready.description).toBe("The aggregate readiness state of this pod for accepting traffic.");
    const age = columnsOf("", "v1", "configmaps").at(-1);
    expect(age?.description).toContain("is in UTC.\n\nPopulated by the system.");
  });

  test("keep the line breaks of lists", () => {
    const texts = new Map(columnsOf("storage.k8s.io", "v1", "csidrivers").map((one) => [one.name, one.description]));
    expect(texts.get("TokenRequests")).toContain('tokens": {\n  "<audience>": {\n    "token": <token>,\n');
    expect(texts.get("TokenRequests")).toContain("  },\n  ...\n}\n\nNote");
  });

  test("of a kind that has none are its name and when it was made", () => {
    expect(columnsOf("example.test", "v1", "things").map(({ name }) => name)).toEqual(["Name", "Created At"]);
  });

  test("have a text for every kind but one", () => {
    const silent = Object.keys(read("columns.json")).flatMap((id: string) => {
      const parts = id.split("/");
      const [group, version, resource] = parts.length === 2 ? ["", ...parts] : parts;
      return columnsOf(group, version, resource)
        .filter(({ description }) => description === "")
        .map(({ name }) => `${resource}/${name}`);
    });
    // Upstream has none for it either.
    expect(silent).toEqual(["runtimeclasses/Handler"]);
    expect(columnPhrase("jobs", "Containers")).toBe("Names of each container in the template.");
  });
});

test("kinds that show more than name and age have cells", () => {
  const without = Object.entries(read("columns.json") as Record<string, string[][]>)
    .filter(([, columns]) => columns.length > 2)
    .map(([id]) => id.split("/"))
    .map((parts) => (parts.length === 2 ? parts[1] : `${parts[2]}.${parts[0]}`))
    .filter((name) => !strategies[name]?.cells);
  expect(without).toEqual([]);
});
