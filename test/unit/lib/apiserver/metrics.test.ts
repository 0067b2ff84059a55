import { expect, test } from "vitest";
import type { Endpoint } from "../../../../lib/apiserver/endpoint.ts";
import { metricsRoute, RequestMetrics } from "../../../../lib/apiserver/metrics.ts";
import { requestInfo } from "../../../../lib/apiserver/request-info.ts";

const pods = {
  info: { group: "", version: "v1", resource: "pods", subresources: { status: {} } },
} as unknown as Endpoint;

function observed(...requests: [method: string, path: string, code: number, seconds: number][]): string[] {
  const metrics = new RequestMetrics();
  for (const [method, path, code, seconds] of requests) {
    const info = requestInfo(method, path);
    metrics.observe(info, info.resource === "pods" ? pods : undefined, code, seconds);
  }
  return metrics.text().split("\n");
}

const labels = (scope: string, verb: string, subresource = "") =>
  `group="",resource="pods",scope="${scope}",subresource="${subresource}",verb="${verb}",version="v1"`;
const inDefault = "/api/v1/namespaces/default/pods";

test("requests are counted by what they ask for and how they end", () => {
  const lines = observed(
    ["GET", "/api/v1/pods", 200, 0],
    ["GET", inDefault, 200, 0],
    ["GET", inDefault, 200, 0],
    ["GET", inDefault, 403, 0],
    ["PATCH", `${inDefault}/a/status`, 200, 0],
    ["DELETE", `${inDefault}/a/made-up`, 404, 0],
    ["GET", "/api/v1/made-up", 404, 0],
    ["BREW", inDefault, 405, 0],
  ).filter((line) => line.startsWith("apiserver_request_total"));
  expect(lines).toEqual([
    `apiserver_request_total{code="200",${labels("cluster", "LIST")}} 1`,
    `apiserver_request_total{code="200",${labels("namespace", "LIST")}} 2`,
    `apiserver_request_total{code="200",${labels("resource", "PATCH", "status")}} 1`,
    `apiserver_request_total{code="403",${labels("namespace", "LIST")}} 1`,
    `apiserver_request_total{code="404",${labels("resource", "DELETE")}} 1`,
    `apiserver_request_total{code="405",${labels("namespace", "other")}} 1`,
  ]);
});

test("times are counted in growing buckets; a watch has none", () => {
  const lines = observed(
    ["GET", inDefault, 200, 0.005],
    ["GET", inDefault, 500, 0.03],
    ["GET", inDefault, 200, 100],
    ["GET", `${inDefault}?watch=true`, 200, 50],
  ).filter((line) => line.startsWith("apiserver_request_duration_seconds"));
  const name = "apiserver_request_duration_seconds";
  const of = labels("namespace", "LIST");
  const bucket = (bound: string) =>
    lines
      .find((line) => line.includes(`le="${bound}"`))
      ?.split(" ")
      .at(-1);
  expect(["0.005", "0.025", "0.05", "60", "+Inf"].map(bucket)).toEqual(["1", "1", "2", "2", "3"]);
  expect(lines.slice(-2)).toEqual([`${name}_sum{${of}} 100.035`, `${name}_count{${of}} 3`]);
  expect(lines.some((line) => line.includes("WATCH"))).toBe(false);
});

test("the route answers its path alone, in the form that Prometheus reads", async () => {
  const route = metricsRoute(new RequestMetrics());
  const ask = (path: string) => route({} as never, requestInfo("GET", path));
  expect(await ask("/metrics/x")).toBeUndefined();
  const answer = await ask("/metrics");
  expect(answer?.headers["Content-Type"]).toBe("text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  for (const line of String(answer?.body).split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|\w+\{[^}]*\} [\d.]+|)$/);
  }
});
