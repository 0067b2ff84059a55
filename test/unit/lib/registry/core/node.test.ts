/** The folder lib/registry/core/node. */
import { describe, expect, test } from "vitest";
import type { Node } from "../../../../../lib/openapi/types/core-v1.ts";
import { nodeStrategy } from "../../../../../lib/registry/core/node/strategy.ts";
import { created, now, problems, updated } from "../objects.ts";

const kind = "core.v1.Node";
const node = (spec: object = {}, status: object = {}, metadata: object = {}) => ({
  metadata: { name: "a", ...metadata },
  spec,
  status,
});

const rules = [
  { name: "good", node: node({ podCIDRs: ["10.1.0.0/24", "fd00::/64"] }), want: [] },
  {
    name: "taints are reported below metadata",
    node: node({ taints: [{ key: "k", effect: "Odd" }, { key: "k" }] }),
    want: [
      'metadata.taints[0].effect: Unsupported value: "Odd": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      "metadata.taints[1].effect: Required value",
    ],
  },
  {
    name: "a taint twice",
    node: node({
      taints: [
        { key: "k", effect: "NoExecute" },
        { key: "k", effect: "NoExecute", value: "v" },
      ],
    }),
    want: [
      'metadata.taints[1]: Duplicate value: {"Key":"k","Value":"v","Effect":"NoExecute","TimeAdded":null}: taints must be unique by key and effect pair',
    ],
  },
  {
    name: "two ranges of one family",
    node: node({ podCIDRs: ["10.1.0.0/24", "10.2.0.0/24"] }),
    want: [
      'spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  },
  {
    name: "amounts",
    node: node({}, { capacity: { cpu: "-1" }, allocatable: { "a.test/x": "1500m" } }),
    want: [
      'status.allocatable.a.test/x: Invalid value: "1500m": must be an integer',
      'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
    ],
  },
  {
    name: "declared features",
    node: node({}, { declaredFeatures: ["B", "A", "A"] }),
    want: [
      'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
      'status.declaredFeatures[2]: Duplicate value: "A"',
    ],
  },
  {
    name: "no swap",
    node: node({}, { nodeInfo: { swap: { capacity: 0 } } }),
    want: ["metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero"],
  },
];

describe("rules", () => {
  test.each(rules)("$name", async ({ node: given, want }) => {
    expect(await problems(kind, nodeStrategy, given)).toEqual(want);
  });
});

describe("defaults", () => {
  test("what it has can be allocated", () => {
    const { status } = created<Node>(kind, nodeStrategy, node({}, { capacity: { cpu: "4" } }));
    expect(status?.allocatable).toEqual({ cpu: "4" });
  });

  test("podCIDR and podCIDRs say the same", () => {
    expect(created<Node>(kind, nodeStrategy, node({ podCIDRs: ["10.1.0.0/24"] })).spec.podCIDR).toBe("10.1.0.0/24");
    expect(created<Node>(kind, nodeStrategy, node({ podCIDR: "10.1.0.0/24" })).spec.podCIDRs).toEqual(["10.1.0.0/24"]);
  });

  test("a kubelet's configuration is not taken any more", () => {
    const given = node({ configSource: { configMap: { namespace: "n", name: "c", kubeletConfigKey: "k" } } });
    expect(created<Node>(kind, nodeStrategy, given).spec.configSource).toBeUndefined();
  });
});

describe("updates", () => {
  const stored = () => created<Node>(kind, nodeStrategy, node({ podCIDR: "10.1.0.0/24", providerID: "x://1" }));
  const cases = [
    { name: "cordon", change: ({ spec }: Node) => Object.assign(spec, { unschedulable: true }), want: [] },
    {
      name: "another range",
      change: ({ spec }: Node) => Object.assign(spec, { podCIDR: "10.2.0.0/24", podCIDRs: ["10.2.0.0/24"] }),
      want: ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
    },
    {
      name: "another provider",
      change: ({ spec }: Node) => Object.assign(spec, { providerID: "x://2" }),
      want: ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'],
    },
    {
      name: "an address twice, in the status",
      subresource: "status",
      change: (one: Node) =>
        Object.assign(one, {
          status: {
            addresses: [
              { type: "A", address: "b" },
              { type: "A", address: "b" },
            ],
          },
        }),
      want: ['status.addresses[1]: Duplicate value: {"Type":"A","Address":"b"}'],
    },
  ];
  test.each(cases)("$name", async ({ change, subresource, want }) => {
    const result = await updated<Node & Record<string, unknown>>(
      kind,
      nodeStrategy,
      stored() as Node & Record<string, unknown>,
      change as never,
      subresource,
    );
    expect(result.problems).toEqual(want);
  });

  test("the status leaves the spec alone, and the other way round", async () => {
    const old = stored() as Node & Record<string, unknown>;
    const change = (one: Node) => {
      one.spec = { unschedulable: true };
      one.status = { phase: "Running" };
    };
    const status = await updated(kind, nodeStrategy, old, change as never, "status");
    expect(status.object.spec).toEqual(old.spec);
    const main = await updated(kind, nodeStrategy, old, change as never);
    expect(main.object.status).toEqual(old.status);
  });
});

test("rows", () => {
  const given = node(
    { unschedulable: true },
    {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
      nodeInfo: { kubeletVersion: "v1", kernelVersion: "6.1", architecture: "amd64", osImage: "Linux" },
    },
    { creationTimestamp: new Date(now - 60_000).toISOString(), labels: { "node-role.kubernetes.io/worker": "" } },
  );
  expect(nodeStrategy.cells?.(given as unknown as Node, { now })).toEqual([
    "a",
    "Ready,SchedulingDisabled",
    "worker",
    "60s",
    "v1",
    "10.0.0.1",
    "<none>",
    "Linux",
    "6.1 (amd64)",
    "<unknown>",
  ]);
});
