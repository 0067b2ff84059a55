import { describe, expect, test } from "vitest";
import type { Node, Pod } from "../../../../../lib/openapi/types/core-v1.ts";
import { NodeInfo, podInfo } from "../../../../../lib/scheduler/node-info.ts";
import { plugins } from "../../../../../lib/scheduler/plugins/index.ts";
import { Attempt } from "../../../../../lib/scheduler/schedule-pod.ts";
import { node, pod } from "../objects.ts";

const term = (key: string, operator: string, values?: string[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
});
const ports = (hostPort: number, hostIP?: string, protocol?: string) => ({
  containers: [{ name: "c", image: "i", ports: [{ containerPort: 1, hostPort, hostIP, protocol }] }],
});

interface Case {
  name: string;
  pod: Pod;
  node: Node;
  running?: Pod[];
  want: string[];
  unresolvable?: boolean;
}

const taint = { key: "a", value: "b", effect: "NoSchedule" };
const selector = "node(s) didn't match Pod's node affinity/selector";
const free = "node(s) didn't have free ports for the requested pod ports";
const cases: Case[] = [
  { name: "an empty node", pod: pod("p"), node: node("n"), want: [] },
  {
    name: "a cordoned node",
    pod: pod("p"),
    node: node("n", { spec: { unschedulable: true } }),
    want: ["node(s) were unschedulable"],
    unresolvable: true,
  },
  {
    name: "a cordoned node that the pod tolerates",
    pod: pod("p", {}, { tolerations: [{ operator: "Exists" }] }),
    node: node("n", { spec: { unschedulable: true } }),
    want: [],
  },
  {
    name: "another node's name",
    pod: pod("p", {}, { nodeName: "x" }),
    node: node("n"),
    want: ["node(s) didn't match the requested node name"],
    unresolvable: true,
  },
  {
    name: "a taint",
    pod: pod("p"),
    node: node("n", { spec: { taints: [taint] } }),
    want: ["node(s) had untolerated taint(s)"],
    unresolvable: true,
  },
  {
    name: "a tolerated taint",
    pod: pod("p", {}, { tolerations: [{ key: "a", value: "b" }] }),
    node: node("n", { spec: { taints: [taint] } }),
    want: [],
  },
  {
    name: "a soft taint",
    pod: pod("p"),
    node: node("n", { spec: { taints: [{ ...taint, effect: "PreferNoSchedule" }] } }),
    want: [],
  },
  {
    name: "a selector",
    pod: pod("p", {}, { nodeSelector: { a: "b" } }),
    node: node("n"),
    want: [selector],
    unresolvable: true,
  },
  {
    name: "a selector that matches",
    pod: pod("p", {}, { nodeSelector: { a: "b" } }),
    node: node("n", { labels: { a: "b" } }),
    want: [],
  },
  {
    name: "affinity",
    pod: pod("p", {}, term("a", "In", ["c"])),
    node: node("n", { labels: { a: "b" } }),
    want: [selector],
    unresolvable: true,
  },
  {
    name: "affinity by number",
    pod: pod("p", {}, term("a", "Gt", ["4"])),
    node: node("n", { labels: { a: "5" } }),
    want: [],
  },
  { name: "a free port", pod: pod("p", {}, ports(80)), node: node("n"), running: [pod("q", {}, ports(81))], want: [] },
  {
    name: "a taken port",
    pod: pod("p", {}, ports(80)),
    node: node("n"),
    running: [pod("q", {}, ports(80))],
    want: [free],
  },
  {
    name: "a port of another address",
    pod: pod("p", {}, ports(80, "1.1.1.1")),
    node: node("n"),
    running: [pod("q", {}, ports(80, "2.2.2.2"))],
    want: [],
  },
  {
    name: "a port of another protocol",
    pod: pod("p", {}, ports(80)),
    node: node("n"),
    running: [pod("q", {}, ports(80, "", "UDP"))],
    want: [],
  },
  { name: "room", pod: pod("p", { cpu: "1" }), node: node("n"), running: [pod("q", { cpu: "1" })], want: [] },
  {
    name: "too little cpu left",
    pod: pod("p", { cpu: "1001m" }),
    node: node("n"),
    running: [pod("q", { cpu: "1" })],
    want: ["Insufficient cpu"],
  },
  {
    name: "more than the node has",
    pod: pod("p", { cpu: "3", memory: "5Gi", "example.com/gpu": "1" }),
    node: node("n"),
    want: ["Insufficient cpu", "Insufficient memory", "Insufficient example.com/gpu"],
    unresolvable: true,
  },
  {
    name: "an init container counts where it is the largest",
    pod: pod("p", { cpu: "1" }, { initContainers: [{ name: "i", resources: { requests: { cpu: "2500m" } } }] }),
    node: node("n"),
    want: ["Insufficient cpu"],
    unresolvable: true,
  },
];

describe("filters", () => {
  test.each(cases)("$name", (c) => {
    const info = new NodeInfo(c.node);
    for (const running of c.running ?? []) info.add(podInfo(running));
    const rejection = new Attempt(c.pod, plugins).filter(info);
    expect([...(rejection?.reasons ?? [])]).toEqual(c.want);
    expect(rejection?.unresolvable ?? false).toBe(c.unresolvable ?? false);
  });
});

describe("scores", () => {
  const best = (wanted: Pod, nodes: Node[], running: Record<string, Pod[]> = {}) => {
    const infos = nodes.map((one) => new NodeInfo(one));
    for (const info of infos) for (const one of running[info.node.metadata.name] ?? []) info.add(podInfo(one));
    const scores = new Attempt(wanted, plugins).scores(infos);
    return nodes[scores.indexOf(Math.max(...scores))].metadata.name;
  };

  test("the freer node wins", () => {
    expect(
      best(pod("p", { cpu: "100m" }), [node("a"), node("b")], { a: [pod("q", { cpu: "1", memory: "2Gi" })] }),
    ).toBe("b");
  });

  test("a soft taint outweighs room", () => {
    const soft = { spec: { taints: [{ ...taint, effect: "PreferNoSchedule" }] } };
    expect(best(pod("p"), [node("a", soft), node("b")], { b: [pod("q", { cpu: "1" })] })).toBe("b");
  });

  test("preferred affinity counts", () => {
    const preference = { matchExpressions: [{ key: "zone", operator: "In", values: ["z"] }] };
    const affinity = {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, preference }] },
    };
    expect(best(pod("p", {}, { affinity }), [node("a"), node("b", { labels: { zone: "z" } })])).toBe("b");
  });

  test("cpu and memory are used in equal parts", () => {
    const running = { a: [pod("q", { cpu: "1" })], b: [pod("r", { memory: "2Gi" })] };
    expect(best(pod("p", { memory: "1Gi", cpu: "1m" }), [node("a"), node("b")], running)).toBe("a");
  });
});
