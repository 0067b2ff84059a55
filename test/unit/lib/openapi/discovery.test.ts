import { describe, expect, it } from "vitest";
import {
  aggregatedDiscovery,
  apiGroupList,
  apiResourceList,
  apiVersions,
  builtinGroups,
  type DiscoveryGroup,
  rootPaths,
} from "../../../../lib/openapi/discovery.ts";

const widgets: DiscoveryGroup = {
  group: "example.com",
  versions: [
    {
      version: "v1",
      resources: [
        {
          resource: "widgets",
          kind: "Widget",
          singular: "widget",
          scope: "Namespaced",
          verbs: ["get", "watch"],
          short: ["wd"],
          sub: { scale: { kind: "autoscaling/v1/Scale", verbs: ["get"] } },
        },
      ],
    },
  ],
};

// biome-ignore lint/suspicious/noExplicitAny: documents are free-form.
const named = (list: any, name: string) => list.resources.find((one: { name: string }) => one.name === name);
const group = (name: string) => {
  const found = builtinGroups().find((one) => one.group === name);
  if (!found) throw new Error(`no group ${name}`);
  return found;
};

describe("apiResourceList", () => {
  it("tells in which version objects are stored", () => {
    const hash = (name: string, resource: string, version = 0) =>
      named(apiResourceList(name, group(name).versions[version]), resource).storageVersionHash;
    expect(hash("autoscaling", "horizontalpodautoscalers", 1)).toBe("qwQve8ut294=");
    expect(hash("events.k8s.io", "events")).toBe("r2yiGXH7wu8=");
    expect(hash("apiextensions.k8s.io", "customresourcedefinitions")).toBe("jfWCUB31mvA=");
    expect(hash("", "bindings")).toBeUndefined();
  });

  it("names the group of a subresource's kind where it is another", () => {
    const list = apiResourceList("example.com", widgets.versions[0]);
    expect(named(list, "widgets/scale")).toEqual({
      name: "widgets/scale",
      singularName: "",
      namespaced: true,
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
      verbs: ["get"],
    });
  });
});

it("further groups follow the built-in ones in /apis", () => {
  const { groups } = apiGroupList([widgets, ...builtinGroups()]) as { groups: { name: string }[] };
  expect(groups[0].name).toBe("apiregistration.k8s.io");
  expect(groups.at(-1)).toEqual({
    name: "example.com",
    versions: [{ groupVersion: "example.com/v1", version: "v1" }],
    preferredVersion: { groupVersion: "example.com/v1", version: "v1" },
  });
});

it("aggregated discovery leaves a kind's own group and version out", () => {
  const { items } = aggregatedDiscovery([widgets]) as {
    items: { versions: { resources: { responseKind: object; subresources: { responseKind: object }[] }[] }[] }[];
  };
  const [resource] = items[0].versions[0].resources;
  expect(resource.responseKind).toEqual({ group: "", version: "", kind: "Widget" });
  expect(resource.subresources[0].responseKind).toEqual({ group: "autoscaling", version: "v1", kind: "Scale" });
});

it("the root lists groups and other paths, sorted", () => {
  const { paths } = rootPaths([widgets], ["/version"]) as { paths: string[] };
  expect(paths).toEqual([
    "/api",
    "/api/v1",
    "/apis",
    "/apis/",
    "/apis/example.com",
    "/apis/example.com/v1",
    "/version",
  ]);
});

it("/api names the server's address where it is known", () => {
  expect(apiVersions("1.2.3.4:6443")).toMatchObject({
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "1.2.3.4:6443" }],
  });
});
