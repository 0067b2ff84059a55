import { describe, expect, it } from "vitest";
import type { ServerRequest, ServerResponse } from "../../../../lib/apimachinery/http.ts";
import { discoveryRoute } from "../../../../lib/apiserver/discovery-route.ts";
import { openapiRoute } from "../../../../lib/apiserver/openapi-route.ts";
import { requestInfo } from "../../../../lib/apiserver/request-info.ts";
import type { Route } from "../../../../lib/apiserver/routes.ts";

const ask = async (route: Route, path: string, headers: Record<string, string> = {}, method = "GET") => {
  const request: ServerRequest = {
    method,
    path,
    header: (name) => headers[name],
    headerValues: (name) => (name in headers ? [headers[name]] : []),
    headerNames: () => Object.keys(headers),
    bytes: async () => new Uint8Array(),
    signal: new AbortController().signal,
  };
  return route(request, requestInfo(method, path)) as Promise<ServerResponse | undefined>;
};
const json = (response: ServerResponse | undefined) => JSON.parse(String(response?.body));
const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

describe("discoveryRoute", () => {
  const route = discoveryRoute();
  it.each([
    { path: "/", accept: "*/*", want: undefined },
    { path: "/api", accept: "application/json", want: "APIVersions" },
    { path: "/apis", accept: "application/json", want: "APIGroupList" },
    { path: "/apis/apps/", accept: "application/json", want: "APIGroup" },
    { path: "/api/v1", accept: "application/json", want: "APIResourceList" },
    { path: "/apis", accept: `${aggregated},application/json`, want: "APIGroupDiscoveryList" },
    { path: "/apis", accept: `${aggregated.replace("v=v2", "v=v9")},application/json`, want: "APIGroupList" },
    { path: "/apis/apps", accept: `${aggregated},application/json`, want: "APIGroup" },
  ])("$path with $accept", async ({ path, accept, want }) => {
    expect(json(await ask(route, path, { accept })).kind).toBe(want);
  });

  it.each([
    { name: "an unknown group", path: "/apis/none.example.com", want: 404 },
    { name: "two slashes", path: "//api/v1", want: undefined },
    { name: "another path", path: "/version", want: undefined },
  ])("$name", async ({ path, want }) => {
    expect((await ask(route, path))?.status).toBe(want);
  });

  it.each([
    { name: "an unknown version", path: "/apis/apps/v9", method: "GET", accept: "*/*", code: 404 },
    { name: "another method", path: "/api/v1", method: "POST", accept: "*/*", code: 405 },
    {
      name: "a form that is gone",
      path: "/api",
      method: "GET",
      accept: aggregated.replace("v2", "v2beta1"),
      code: 406,
    },
  ])("refuses $name", async ({ path, method, accept, code }) => {
    await expect(ask(route, path, { accept }, method)).rejects.toMatchObject({ status: { code } });
  });

  it("what a client has is not sent again", async () => {
    const first = await ask(route, "/apis", { accept: aggregated });
    const again = await ask(route, "/apis", { accept: aggregated, "if-none-match": String(first?.headers.Etag) });
    expect([first?.status, again?.status, again?.body]).toEqual([200, 304, ""]);
  });
});

describe("openapiRoute", () => {
  const route = openapiRoute();
  it("serves the index, documents by their hash, and redirects from an old one", async () => {
    const url = json(await ask(route, "/openapi/v3")).paths["apis/batch/v1"].serverRelativeURL;
    const document = await ask(route, url);
    expect(document?.headers["Cache-Control"]).toBe("public, immutable");
    expect(json(document).openapi).toBe("3.0.0");
    const old = await ask(route, "/openapi/v3/apis/batch/v1?hash=OLD");
    expect([old?.status, old?.headers.Location]).toEqual([301, url]);
    const again = await ask(route, url, { "if-none-match": String(document?.headers.Etag) });
    expect(again?.status).toBe(304);
  });

  it.each([
    { name: "v2", path: "/openapi/v2", accept: "application/json", want: 200 },
    { name: "v2 in a form that is not served", path: "/openapi/v2", accept: "text/html", want: 406 },
    { name: "an unknown document", path: "/openapi/v3/apis/none.example.com/v1", accept: "*/*", want: 404 },
    { name: "another path", path: "/openapi/v4", accept: "*/*", want: undefined },
  ])("$name", async ({ path, accept, want }) => {
    expect((await ask(route, path, { accept }))?.status).toBe(want);
  });
});
