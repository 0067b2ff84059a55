import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectedFile, collectedText, openCollected } from "../../../../../lib/openapi/documents/collected.ts";
import { descriptionsOf, methodsDescribed } from "../../../../../lib/openapi/documents/descriptions.ts";
import { definitionNames, factsFiles } from "../../../../../lib/openapi/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "collected-"));
const collector = join(import.meta.dirname, "../../../../../lib/openapi/documents/collect-process.ts");

beforeAll(() => {
  execFileSync(process.execPath, [collector, join(folder, collectedFile)]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("collected descriptions", () => {
  it("say of every definition what the models say", () => {
    const collected = openCollected(folder);
    const names = factsFiles().flatMap((file) => definitionNames(file.replace(/\.json$/, "")));
    expect(names).toContain("core.v1.Pod");
    for (const name of names) expect(collected.definition(name), name).toEqual(descriptionsOf(name));
    expect(collected.definition("core.v1.PodSpec")?.fields.get("nodeName")).toMatch(/node/);
  });
  it("say of every method what the client says", () => {
    expect(openCollected(folder).methods()).toEqual(methodsDescribed());
    expect(methodsDescribed().get("listNamespacedPod")?.get("limit")).toMatch(/limit/);
  });
  it("are none where nothing was collected", () => {
    const nothing = openCollected(join(folder, "absent"));
    expect(nothing.definition("core.v1.Pod")).toBeUndefined();
    expect(nothing.methods()).toBeUndefined();
  });
  it("keep a definition that is named as the methods' line apart from it", () => {
    const text = collectedText(new Map([["methods", { fields: new Map([["a", "b"]]) }]]), new Map());
    expect(Object.keys(JSON.parse(text))).toEqual([":methods", "methods"]);
  });
});
