import { expect, it } from "vitest";
import { clusterTarget } from "../../../../../lib/aws/http/cluster-path.ts";

const cases = [
  { from: "/api/v1/pods?limit=5", cluster: "default", target: "/api/v1/pods?limit=5" },
  { from: "/", cluster: "default", target: "/" },
  { from: "/clusters/blue/api/v1/pods?limit=5", cluster: "blue", target: "/api/v1/pods?limit=5" },
  { from: "/clusters/blue", cluster: "blue", target: "/" },
  { from: "/clusters/blue/", cluster: "blue", target: "/" },
  { from: "/clusters/blue?a=/b", cluster: "blue", target: "/?a=/b" },
  { from: "/clusters/blue/a?b=/clusters/c/d", cluster: "blue", target: "/a?b=/clusters/c/d" },
  { from: "/clusters/default/api", cluster: "default", target: "/api" },
  { from: "/clusters/a/clusters/b/api", cluster: "a", target: "/clusters/b/api" },
  { from: "/clusters/", cluster: "default", target: "/clusters/" },
  { from: "/clusters", cluster: "default", target: "/clusters" },
  { from: "/api?x=/clusters/blue/y", cluster: "default", target: "/api?x=/clusters/blue/y" },
];

it.each(cases)("$from is $target of $cluster", ({ from, cluster, target }) => {
  expect(clusterTarget(from)).toEqual({ cluster, target });
});
