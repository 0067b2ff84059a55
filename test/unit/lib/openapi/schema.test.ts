import { describe, expect, it } from "vitest";
import { patchSchema } from "../../../../lib/openapi/patch-schema.ts";
import { builtinResources, findResource } from "../../../../lib/openapi/resources.ts";
import { definition, definitionNames, definitionOf, factsFiles } from "../../../../lib/openapi/schema.ts";

describe("definitions", () => {
  it("has fields in Go's order with the flags of their tags", () => {
    expect(Object.keys(definition("core.v1.ConfigMap").f ?? {})).toEqual([
      "kind",
      "apiVersion",
      "metadata",
      "immutable",
      "data",
      "binaryData",
    ]);
    expect(definition("core.v1.ConfigMap").f?.immutable).toEqual({ t: "boolean", g: "po" });
  });

  it.each([
    { name: "core", kind: { group: "", version: "v1", kind: "Pod" }, want: "core.v1.Pod" },
    { name: "a group", kind: { group: "apps", version: "v1", kind: "Deployment" }, want: "apps.v1.Deployment" },
    {
      name: "a group with a domain",
      kind: { group: "rbac.authorization.k8s.io", version: "v1", kind: "Role" },
      want: "rbac.v1.Role",
    },
    { name: "shared by all", kind: { group: "", version: "v1", kind: "Status" }, want: "meta.v1.Status" },
    {
      name: "discovery's own kinds",
      kind: { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice" },
      want: "discovery.v1.EndpointSlice",
    },
    { name: "unknown", kind: { group: "example.com", version: "v1", kind: "Widget" }, want: undefined },
  ])("definitionOf: $name", ({ kind, want }) => {
    expect(definitionOf(kind)).toBe(want);
  });

  it("throws where there is none", () => {
    expect(() => definition("core.v1.Nothing")).toThrow("no definition core.v1.Nothing");
  });

  it("every field's type is known", () => {
    const groups = factsFiles().map((file) => file.replace(/\.json$/, ""));
    const unknown: string[] = [];
    for (const name of groups.flatMap(definitionNames)) {
      if (!/^[A-Za-z]+(\.v\w+)?\.\w+$/.test(name)) continue;
      for (const [field, { t }] of Object.entries(definition(name).f ?? {})) {
        const inner = t.replace(/^(\[\]|\{\})+/, "");
        if (inner.includes(".") && definitionNames(inner.split(".")[0]).indexOf(inner) < 0)
          unknown.push(`${name}.${field}`);
      }
    }
    expect(unknown).toEqual([]);
  });
});

describe("resources", () => {
  it("every resource has a definition", () => {
    expect(builtinResources().filter((info) => info.definition === "")).toEqual([]);
    expect(builtinResources().length).toBeGreaterThan(60);
  });

  it("has subresources with kinds of their own", () => {
    const pods = findResource("", "v1", "pods");
    expect(pods?.subresources.eviction).toEqual({
      kind: { group: "policy", version: "v1", kind: "Eviction" },
      verbs: ["create"],
    });
    expect(pods?.shortNames).toEqual(["po"]);
    expect(findResource("", "v1", "things")).toBeUndefined();
  });

  it("events of both groups and autoscalers of both versions are stored once", () => {
    const events = { group: "", version: "v1", resource: "events" };
    expect(findResource("events.k8s.io", "v1", "events")?.storage).toEqual(events);
    expect(findResource("", "v1", "events")?.storage).toEqual(events);
    expect(findResource("autoscaling", "v1", "horizontalpodautoscalers")?.storage.version).toBe("v2");
  });
});

describe("patchSchema", () => {
  it("knows strategies and merge keys, at every depth", () => {
    const spec = patchSchema("core.v1.Pod").field("spec")?.schema;
    expect(spec?.field("volumes")).toMatchObject({ strategies: ["merge", "retainKeys"], mergeKey: "name" });
    expect(spec?.field("containers")?.schema?.field("ports")?.mergeKey).toBe("containerPort");
    expect(spec?.field("tolerations")).toMatchObject({ strategies: [], mergeKey: "" });
    expect(spec?.field("nothing")).toBeUndefined();
  });
});
