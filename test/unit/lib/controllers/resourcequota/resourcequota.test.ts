import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createResourceQuotaController } from "../../../../../lib/controllers/resourcequota/resourcequota.ts";
import type { ResourceQuota, ResourceQuotaSpec } from "../../../../../lib/openapi/types/core-v1.ts";
import {
  configmaps,
  deployments,
  persistentvolumeclaims,
  pods,
  resourcequotas,
  services,
} from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, meta, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = startHarness([{ name: "resourcequota-controller", create: createResourceQuotaController }]);
});
afterEach(() => harness.stop());

function putQuota(
  hard: Record<string, string>,
  more: Partial<ResourceQuotaSpec> = {},
  status?: ResourceQuota["status"],
) {
  harness.api.put(resourcequotas, { metadata: meta("q"), spec: { hard, ...more }, ...(status && { status }) } as never);
}

function putPod(name: string, phase = "Running", spec: object = {}) {
  const resources = { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "1" } };
  const containers = [{ name: "c", image: "i", resources }];
  harness.api.put(pods, { metadata: meta(name), spec: { containers, ...spec }, status: { phase } } as never);
}

const status = () => harness.api.all(resourcequotas)[0].status;
const used = () => status()?.used;

describe("a quota", () => {
  it("counts what pods ask for, those alone that have not ended", async () => {
    putPod("a");
    putPod("b", "Pending");
    putPod("c", "Succeeded");
    harness.api.put(pods, { metadata: { ...meta("d"), namespace: "other" }, spec: { containers: [] } } as never);
    const hard = { pods: "9", cpu: "9", "requests.memory": "9Gi", "limits.cpu": "9", "count/pods": "9" };
    putQuota(hard);
    await harness.settle();
    const want = { pods: "2", cpu: "1", "requests.memory": "2Gi", "limits.cpu": "2", "count/pods": "3" };
    expect(status()).toEqual({ hard, used: want });
    expect(harness.errors).toEqual([]);
  });

  it("counts services, claims and whatever else has a number", async () => {
    const { api } = harness;
    const ports = [{ port: 80 }, { port: 81 }];
    api.put(services, { metadata: meta("s"), spec: { type: "NodePort", ports } } as never);
    api.put(services, { metadata: meta("t"), spec: { type: "ClusterIP", ports } } as never);
    const claim = { storageClassName: "fast", resources: { requests: { storage: "5Gi" } } };
    api.put(persistentvolumeclaims, { metadata: meta("c"), spec: claim } as never);
    for (const name of ["m", "n"]) api.put(configmaps, { metadata: meta(name) } as never);
    api.put(deployments, { metadata: meta("d"), spec: {} } as never);
    const names = [
      ...["services", "services.nodeports", "services.loadbalancers", "persistentvolumeclaims", "requests.storage"],
      ...[
        "fast.storageclass.storage.k8s.io/requests.storage",
        "configmaps",
        "count/configmaps",
        "count/deployments.apps",
      ],
    ];
    putQuota(Object.fromEntries([...names, "count/secrets"].map((name) => [name, "9Gi"])));
    await harness.settle();
    expect(used()).toEqual({
      services: "2",
      "services.nodeports": "2",
      "services.loadbalancers": "0",
      persistentvolumeclaims: "1",
      "requests.storage": "5Gi",
      "fast.storageclass.storage.k8s.io/requests.storage": "5Gi",
      configmaps: "2",
      "count/configmaps": "2",
      "count/deployments.apps": "1",
      "count/secrets": "0",
    });
  });

  it("with scopes is about the pods in them", async () => {
    putPod("forever");
    putPod("soon", "Running", { activeDeadlineSeconds: 5 });
    putQuota({ pods: "9", "count/configmaps": "9" }, { scopes: ["Terminating"] });
    await harness.settle();
    expect(used()).toEqual({ pods: "1", "count/configmaps": "0" });
  });

  it("says nothing of what it does not know", async () => {
    putQuota({ "count/widgets.example.com": "1", pods: "1" });
    await harness.settle();
    expect(used()).toEqual({ pods: "0" });
  });
});

describe("what is used", () => {
  it.each([
    { name: "a pod goes", change: () => harness.api.remove(pods, meta("a") as never), want: { pods: "1" } },
    { name: "a pod ends", change: () => putPod("a", "Failed"), want: { pods: "1" } },
  ])("is less when $name", async ({ change, want }) => {
    putPod("a");
    putPod("b");
    putQuota({ pods: "9" });
    await harness.settle();
    expect(used()).toEqual({ pods: "2" });
    change();
    await harness.settle();
    expect(used()).toEqual(want);
  });

  it("is less when anything that has a number goes, and when a service needs no ports any more", async () => {
    const { api, settle } = harness;
    const put = (type: string) =>
      api.put(services, { metadata: meta("s"), spec: { type, ports: [{ port: 1 }] } } as never);
    put("NodePort");
    api.put(configmaps, { metadata: meta("m") } as never);
    putQuota({ "services.nodeports": "1", configmaps: "1" });
    await settle();
    expect(used()).toEqual({ "services.nodeports": "1", configmaps: "1" });
    put("ClusterIP");
    await settle();
    expect(used()).toEqual({ "services.nodeports": "0", configmaps: "1" });
    api.remove(configmaps, meta("m") as never);
    await settle();
    expect(used()).toEqual({ "services.nodeports": "0", configmaps: "0" });
  });

  it("follows a new limit, is not written without need, and is put right after five minutes", async () => {
    const { api, clock, settle } = harness;
    putPod("a");
    putQuota({ pods: "9" });
    await settle();
    const writes = () => api.writes.filter((text) => text.includes("resourcequotas")).length;
    const before = writes();
    // Admission has charged a pod that was never stored.
    putQuota({ pods: "9" }, {}, { hard: { pods: "9" }, used: { pods: "2" } });
    await settle();
    expect(used()).toEqual({ pods: "2" });
    await clock.advance(301_000);
    await settle();
    expect(used()).toEqual({ pods: "1" });
    expect(writes()).toBe(before + 1);
    await clock.advance(301_000);
    expect(writes()).toBe(before + 1);
    putQuota({ cpu: "3" }, {}, status());
    await settle();
    expect(status()).toEqual({ hard: { cpu: "3" }, used: { cpu: "500m" } });
  });
});
