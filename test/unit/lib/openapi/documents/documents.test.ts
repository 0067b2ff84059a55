import { describe, expect, it } from "vitest";
import { builtinGroups } from "../../../../../lib/openapi/discovery.ts";
import { descriptionsOf, parameterDescription } from "../../../../../lib/openapi/documents/descriptions.ts";
import { fullName, groupTitle } from "../../../../../lib/openapi/documents/names.ts";
import { versionOperations } from "../../../../../lib/openapi/documents/operations.ts";
import { definitionSchema } from "../../../../../lib/openapi/documents/schemas.ts";
import { v2Document } from "../../../../../lib/openapi/documents/v2.ts";
import { documentHash, documentNames, v3Document, v3Index } from "../../../../../lib/openapi/documents/v3.ts";

const groups = builtinGroups();
// biome-ignore lint/suspicious/noExplicitAny: documents are free-form.
const v3 = (name: string): any => JSON.parse(JSON.stringify(v3Document(groups, name)));

/** Without the words, which are another's. */
function structure(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structure);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, one]) => key !== "description" || typeof one !== "string");
  return Object.fromEntries(kept.map(([key, one]) => [key, structure(one)]));
}

describe("names", () => {
  it.each([
    { name: "core.v1.Pod", want: "io.k8s.api.core.v1.Pod" },
    { name: "meta.v1.ObjectMeta", want: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" },
    { name: "Quantity", want: "io.k8s.apimachinery.pkg.api.resource.Quantity" },
    { name: "version.Info", want: "io.k8s.apimachinery.pkg.version.Info" },
    { name: "apiextensions.v1.JSON", want: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON" },
  ])("$name", ({ name, want }) => {
    expect(fullName(name)).toBe(want);
  });
  it.each([
    { group: "", want: "Core" },
    { group: "rbac.authorization.k8s.io", want: "RbacAuthorization" },
    { group: "apps", want: "Apps" },
  ])("title of '$group'", ({ group, want }) => {
    expect(groupTitle(group)).toBe(want);
  });
});

describe("definitionSchema", () => {
  const strategy = { $ref: "#/components/schemas/io.k8s.api.apps.v1.RollingUpdateDeployment" };
  it.each([
    {
      name: "a reference and an enum, v3",
      schema: definitionSchema("v3", "apps.v1.DeploymentStrategy"),
      want: {
        type: "object",
        properties: {
          type: { type: "string", enum: ["Recreate", "RollingUpdate"] },
          rollingUpdate: { allOf: [strategy] },
        },
      },
    },
    {
      name: "a reference and an enum, v2",
      schema: definitionSchema("v2", "apps.v1.DeploymentStrategy"),
      want: {
        type: "object",
        properties: {
          type: { type: "string", enum: ["Recreate", "RollingUpdate"] },
          rollingUpdate: { $ref: "#/definitions/io.k8s.api.apps.v1.RollingUpdateDeployment" },
        },
      },
    },
    {
      name: "int-or-string, v3",
      schema: definitionSchema("v3", "IntOrString"),
      want: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
    },
    {
      name: "int-or-string, v2",
      schema: definitionSchema("v2", "IntOrString"),
      want: { type: "string", format: "int-or-string" },
    },
    {
      name: "values of a map with defaults, an atomic map",
      schema: definitionSchema("v3", "core.v1.SecretReference"),
      want: {
        type: "object",
        properties: { name: { type: "string" }, namespace: { type: "string" } },
        "x-kubernetes-map-type": "atomic",
      },
    },
  ])("$name", ({ schema, want }) => {
    expect(structure(schema)).toEqual(want);
  });

  it("keeps how lists merge", () => {
    const { properties } = definitionSchema("v3", "core.v1.PodSpec") as { properties: Record<string, unknown> };
    expect(structure(properties.containers)).toEqual({
      type: "array",
      items: { default: {}, allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.Container" }] },
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-list-type": "map",
      "x-kubernetes-patch-merge-key": "name",
      "x-kubernetes-patch-strategy": "merge",
    });
  });
});

describe("/openapi/v3", () => {
  it("has a document for each group and version", () => {
    const names = documentNames(groups);
    expect(names).toContain("api/v1");
    expect(names).toContain("apis/autoscaling/v2");
    expect(names).toContain("apis/apps");
    for (const name of names) expect(v3Document(groups, name), name).toBeDefined();
    expect(v3Document(groups, "apis/none.example.com/v1")).toBeUndefined();
    expect(v3Document(groups, "apis/apps/v9")).toBeUndefined();
  });

  it("its index names hashes that change with the document alone", () => {
    const { paths } = v3Index(groups) as { paths: Record<string, { serverRelativeURL: string }> };
    const hash = documentHash(groups, "apis/apps/v1");
    expect(paths["apis/apps/v1"].serverRelativeURL).toBe(`/openapi/v3/apis/apps/v1?hash=${hash}`);
    const without = groups.map((one) =>
      one.group === "apps" ? { ...one, versions: [{ version: "v1", resources: [] }] } : one,
    );
    expect(documentHash(without, "apis/apps/v1")).not.toBe(hash);
    expect(documentHash(without, "apis/batch/v1")).toBe(documentHash(groups, "apis/batch/v1"));
  });

  it("every reference leads somewhere", () => {
    for (const name of documentNames(groups)) {
      const document = v3(name);
      const known = new Set(Object.keys(document.components.schemas ?? {}));
      const wanted = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, to]) => to);
      expect(
        wanted.filter((to) => !known.has(to)),
        name,
      ).toEqual([]);
    }
  });

  it("a path: what operations share stands beside them", () => {
    const path =
      v3("apis/coordination.k8s.io/v1").paths["/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"];
    const parameters = (list: { name: string; in: string }[]) => list.map((one) => `${one.name} ${one.in}`);
    expect(Object.keys(path).sort()).toEqual(["delete", "get", "parameters", "patch", "put"]);
    expect(parameters(path.parameters)).toEqual(["name path", "namespace path", "pretty query"]);
    expect(path.get.parameters).toBeUndefined();
    expect(parameters(path.patch.parameters)).toEqual([
      "dryRun query",
      "fieldManager query",
      "fieldValidation query",
      "force query",
    ]);
    expect(path.patch).toMatchObject({
      operationId: "patchCoordinationV1NamespacedLease",
      tags: ["coordination_v1"],
      "x-kubernetes-action": "patch",
      "x-kubernetes-group-version-kind": { group: "coordination.k8s.io", version: "v1", kind: "Lease" },
    });
    expect(Object.keys(path.delete.responses)).toEqual(["200", "202", "401"]);
  });

  it("what many groups share has the kinds of the core and of the document", () => {
    const options = v3("apis/apps/v1").components.schemas["io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"];
    expect(options["x-kubernetes-group-version-kind"]).toEqual([
      { group: "", kind: "DeleteOptions", version: "v1" },
      { group: "apps", kind: "DeleteOptions", version: "v1" },
    ]);
  });
});

describe("operations", () => {
  const core = groups.find(({ group }) => group === "")?.versions[0] ?? { version: "v1", resources: [] };
  const ids = (path: string) =>
    versionOperations("", core)
      .get(path)
      ?.map(({ id }) => id);
  it.each([
    { path: "/api/v1/pods", want: ["listCoreV1PodForAllNamespaces"] },
    { path: "/api/v1/watch/namespaces/{namespace}/pods", want: ["watchCoreV1NamespacedPodList"] },
    { path: "/api/v1/namespaces/{namespace}/pods/{name}/binding", want: ["createCoreV1NamespacedPodBinding"] },
    {
      path: "/api/v1/namespaces/{namespace}/pods/{name}/exec",
      want: ["connectCoreV1GetNamespacedPodExec", "connectCoreV1PostNamespacedPodExec"],
    },
    {
      path: "/api/v1/nodes/{name}/status",
      want: ["readCoreV1NodeStatus", "replaceCoreV1NodeStatus", "patchCoreV1NodeStatus"],
    },
    { path: "/api/v1/namespaces/{name}/finalize", want: ["replaceCoreV1NamespaceFinalize"] },
  ])("$path", ({ path, want }) => {
    expect(ids(path)).toEqual(want);
  });
  it("proxies take every method, with more path too", () => {
    expect(ids("/api/v1/nodes/{name}/proxy/{path}")).toHaveLength(7);
  });
});

describe("/openapi/v2", () => {
  // biome-ignore lint/suspicious/noExplicitAny: documents are free-form.
  const document: any = v2Document(groups);
  it("shares parameters under upstream's names, but those that old clients look for", () => {
    const { post } = document.paths["/apis/apps/v1/namespaces/{namespace}/deployments"];
    const shown = post.parameters.map((one: { name?: string; $ref?: string }) => one.name ?? one.$ref);
    expect(shown).toEqual(["body", "dryRun", "#/parameters/fieldManager-Qy4HdaTW", "fieldValidation"]);
    const references = [...JSON.stringify(document).matchAll(/"#\/parameters\/([^"]+)"/g)].map(([, to]) => to);
    expect(references.filter((to) => !(to in document.parameters))).toEqual([]);
  });
  it("has all definitions", () => {
    expect(Object.keys(document.definitions)).toHaveLength(584);
  });
});

describe("descriptions", () => {
  it("come from the installed client's models and methods", () => {
    expect(descriptionsOf("core.v1.ConfigMap").own).toMatch(/^ConfigMap /);
    expect(descriptionsOf("core.v1.ConfigMap").fields.get("immutable")).toMatch(/^Immutable, /);
    expect(
      descriptionsOf("events.v1.Event").fields.has("regarding") || descriptionsOf("events.v1.Event").fields.has("note"),
    ).toBe(true);
    expect(parameterDescription("patchNamespacedPod", "fieldManager")).not.toBe(
      parameterDescription("createNamespacedPod", "fieldManager"),
    );
  });
  it("there is none of what no model has", () => {
    expect(descriptionsOf("core.v1.Nothing")).toEqual({ fields: new Map() });
  });
});
