import { describe, expect, it } from "vitest";
import type { Resource } from "../../../../lib/apimachinery/meta.ts";
import { errorOf, queryText, resourcePath } from "../../../../lib/client/rest.ts";
import { deployments, nodes, pods } from "../../../../lib/openapi/types/resources.ts";

describe("resourcePath", () => {
  const cases: { name: string; args: [Resource, string?, string?, string?]; want: string }[] = [
    { name: "a core resource of all namespaces", args: [pods], want: "/api/v1/pods" },
    { name: "of one namespace", args: [pods, "a"], want: "/api/v1/namespaces/a/pods" },
    { name: "an object", args: [pods, "a", "b"], want: "/api/v1/namespaces/a/pods/b" },
    { name: "a subresource", args: [pods, "a", "b", "status"], want: "/api/v1/namespaces/a/pods/b/status" },
    { name: "a resource of a group", args: [deployments, "a", "b"], want: "/apis/apps/v1/namespaces/a/deployments/b" },
    { name: "a cluster-scoped one", args: [nodes, "ignored", "n"], want: "/api/v1/nodes/n" },
    { name: "a strange name", args: [nodes, "", "a/b c"], want: "/api/v1/nodes/a%2Fb%20c" },
  ];
  for (const { name, args, want } of cases)
    it(name, () => expect(resourcePath(args[0], args[1], args[2], args[3])).toBe(want));
});

it("queryText leaves out what is not set", () => {
  expect(queryText({ a: undefined, b: "", c: false, d: 0, e: true, f: "x&y" })).toBe("?d=0&e=true&f=x%26y");
  expect(queryText({})).toBe("");
});

it("errorOf gives the code that the answer had, where the Status has none", () => {
  expect(errorOf(418, '{"kind":"Status","message":"m"}').code).toBe(418);
  expect(errorOf(400, "plain").message).toBe("plain");
  expect(errorOf(500, "").message).toBe("the server answered with status 500");
});
