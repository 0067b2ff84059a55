import { expect, it } from "vitest";
import { admit } from "../../../../agent/pods/admission.ts";
import type { PodSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { container, node, pod } from "../objects.ts";

const here = node(
  { cpu: "2", memory: "1Gi", pods: "2" },
  { metadata: { ...node({}).metadata, labels: { disk: "ssd" } } },
);
const asking = (requests: Record<string, string>) => ({ containers: [container("main", { resources: { requests } })] });
const port = (hostIP?: string) => ({
  containers: [container("main", { ports: [{ containerPort: 1, hostPort: 80, hostIP }] })],
});

const cases: { name: string; spec: Partial<PodSpec>; others?: Partial<PodSpec>[]; want: unknown }[] = [
  { name: "fits", spec: asking({ cpu: "1" }), others: [asking({ cpu: "1" })], want: undefined },
  {
    name: "too much cpu beside another",
    spec: asking({ cpu: "1500m" }),
    others: [asking({ cpu: "1" })],
    want: {
      reason: "OutOfcpu",
      message: "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
    },
  },
  { name: "too much memory", spec: asking({ memory: "2Gi" }), want: { reason: "OutOfmemory" } },
  {
    name: "a device that is not there",
    spec: asking({ "example.com/gpu": "1" }),
    want: { reason: "OutOfexample.com/gpu" },
  },
  {
    name: "too many pods",
    spec: {},
    others: [{}, {}],
    want: {
      reason: "OutOfpods",
      message: "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2",
    },
  },
  { name: "another node's label", spec: { nodeSelector: { disk: "hdd" } }, want: { reason: "NodeAffinity" } },
  { name: "this node's label", spec: { nodeSelector: { disk: "ssd" } }, want: undefined },
  { name: "a port that is taken", spec: port(), others: [port()], want: { reason: "NodePorts" } },
  { name: "a port on another address", spec: port("192.0.2.1"), others: [port("192.0.2.2")], want: undefined },
  { name: "a port on one of all addresses", spec: port("192.0.2.1"), others: [port()], want: { reason: "NodePorts" } },
];

it.each(cases)("$name", ({ spec, others = [], want }) => {
  const found = admit(
    pod(spec),
    others.map((other) => pod(other)),
    here,
  );
  if (want === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(want as object);
});

it("a taint that nothing tolerates", () => {
  const tainted = { ...here, spec: { taints: [{ key: "k", effect: "NoExecute" }] } };
  expect(admit(pod(), [], tainted)).toMatchObject({ reason: "TaintToleration" });
  expect(admit(pod({ tolerations: [{ operator: "Exists" }] }), [], tainted)).toBeUndefined();
});
