import { describe, expect, it } from "vitest";
import { parseQuantity } from "../../../../lib/apimachinery/quantity.ts";
import { countName, growth, type Usage, usageOf } from "../../../../lib/quota/usage.ts";

const texts = (usage: Usage) => Object.fromEntries([...usage].map(([name, amount]) => [name, amount.toString()]));
const core = (resource: string) => ({ group: "", resource });
const meta = { metadata: {} };

describe("usageOf", () => {
  const resources = {
    requests: { cpu: "500m", "example.com/gpu": "2", "hugepages-2Mi": "4Mi", "ephemeral-storage": "1Gi" },
    limits: { cpu: "1", "example.com/gpu": "2" },
  };
  const service = (spec: object) => ({
    ...meta,
    spec: { ports: [{ port: 1 }, { port: 2, nodePort: 30000 }], ...spec },
  });
  it.each([
    {
      name: "a pod",
      of: core("pods"),
      object: { spec: { containers: [{ name: "c", resources }] } },
      want: {
        "count/pods": "1",
        pods: "1",
        cpu: "500m",
        "requests.cpu": "500m",
        "ephemeral-storage": "1Gi",
        "requests.ephemeral-storage": "1Gi",
        "requests.example.com/gpu": "2",
        "hugepages-2Mi": "4Mi",
        "requests.hugepages-2Mi": "4Mi",
        "limits.cpu": "1",
      },
    },
    {
      name: "a service of each node",
      of: core("services"),
      object: service({ type: "NodePort" }),
      want: { "count/services": "1", services: "1", "services.nodeports": "2" },
    },
    {
      name: "a load balancer that allocates no ports",
      of: core("services"),
      object: service({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false }),
      want: { "count/services": "1", services: "1", "services.loadbalancers": "1", "services.nodeports": "1" },
    },
    {
      name: "a claim of a class",
      of: core("persistentvolumeclaims"),
      object: { ...meta, spec: { storageClassName: "fast", resources: { requests: { storage: "1Gi" } } } },
      want: {
        "count/persistentvolumeclaims": "1",
        persistentvolumeclaims: "1",
        "requests.storage": "1Gi",
        "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
        "fast.storageclass.storage.k8s.io/requests.storage": "1Gi",
      },
    },
    { name: "a config map", of: core("configmaps"), object: meta, want: { "count/configmaps": "1", configmaps: "1" } },
    {
      name: "of another group",
      of: { group: "apps", resource: "deployments" },
      object: meta,
      want: { "count/deployments.apps": "1" },
    },
  ])("$name", ({ of, object, want }) => expect(texts(usageOf(of, object))).toEqual(want));
});

it("growth leaves out what does not grow", () => {
  const usage = (amounts: Record<string, string>): Usage =>
    new Map(Object.entries(amounts).map(([name, amount]) => [name, parseQuantity(amount)]));
  const grown = growth(usage({ a: "3", b: "1", c: "2" }), usage({ a: "1", b: "1", d: "9" }));
  expect(texts(grown)).toEqual({ a: "2", c: "2" });
});

it("countName", () => {
  expect(countName(core("pods"))).toBe("count/pods");
  expect(countName({ group: "batch", resource: "jobs" })).toBe("count/jobs.batch");
});
