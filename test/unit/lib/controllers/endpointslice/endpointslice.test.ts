import { afterEach, describe, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import { createEndpointSliceController } from "../../../../../lib/controllers/endpointslice/endpointslice.ts";
import type { Pod, ServiceSpec } from "../../../../../lib/openapi/types/core-v1.ts";
import { endpointslices, nodes, pods, services } from "../../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(): Harness {
  harness = startHarness([{ name: "endpointslice-controller", create: createEndpointSliceController }], {
    before: (api) => {
      api.put(nodes, { metadata: { name: "n1", labels: { "topology.kubernetes.io/zone": "z1" } }, spec: {} });
    },
  });
  return harness;
}

interface PodShape {
  name: string;
  ip?: string;
  ready?: boolean;
  phase?: string;
  ports?: { name: string; containerPort: number; protocol?: string }[];
  spec?: Partial<Pod["spec"]>;
  metadata?: Partial<Pod["metadata"]>;
}

function putPod({ name, ip = "10.1.0.1", ready = true, phase = "Running", ports = [], spec, metadata }: PodShape): Pod {
  const conditions = [
    { type: "Ready", status: ready ? "True" : "False", lastTransitionTime: timeText(harness.clock.now()) },
  ];
  return harness.api.put(pods, {
    metadata: { name, namespace: "default", labels: { app: "web" }, ...metadata },
    spec: { nodeName: "n1", containers: [{ name: "c", image: "i", ports }], ...spec },
    status: { phase, podIPs: ip === "" ? [] : ip.split(",").map((one) => ({ ip: one })), conditions },
  });
}

function createService(spec: Partial<ServiceSpec> = {}, labels: Record<string, string> = {}) {
  return harness.api.create(services, {
    metadata: { name: "web", namespace: "default", labels },
    spec: {
      clusterIP: "10.96.0.9",
      ipFamilies: ["IPv4"],
      selector: { app: "web" },
      ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
      ...spec,
    },
  });
}

/** `address ready serving terminating` of all endpoints. */
function endpoints(): string[] {
  const all = harness.api.all(endpointslices).flatMap((slice) => slice.endpoints ?? []);
  return all
    .map(({ addresses, conditions }) =>
      [addresses.join(","), conditions?.ready, conditions?.serving, conditions?.terminating].join(" "),
    )
    .sort();
}

describe("endpointslice controller", () => {
  it("makes a slice of ready pods with labels, ports, node and zone", async () => {
    const { api, settle } = start();
    const pod = putPod({ name: "a" });
    const service = await createService({}, { team: "x" });
    await settle();
    const slices = api.all(endpointslices);
    expect(slices).toHaveLength(1);
    expect(slices[0].metadata.name).toMatch(/^web-/);
    expect(slices[0].metadata.labels).toEqual({
      team: "x",
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    });
    expect(slices[0].metadata.ownerReferences?.[0]).toMatchObject({ kind: "Service", uid: service.metadata.uid });
    expect(slices[0]).toMatchObject({
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      endpoints: [
        {
          addresses: ["10.1.0.1"],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: "n1",
          zone: "z1",
          targetRef: { kind: "Pod", namespace: "default", name: "a", uid: pod.metadata.uid },
        },
      ],
    });
  });

  const cases: { name: string; pod: Omit<PodShape, "name">; spec?: Partial<ServiceSpec>; want: string[] }[] = [
    { name: "a ready pod", pod: {}, want: ["10.1.0.1 true true false"] },
    { name: "a pod that is not ready", pod: { ready: false }, want: ["10.1.0.1 false false false"] },
    {
      name: "a pod that is not ready, published all the same",
      pod: { ready: false },
      spec: { publishNotReadyAddresses: true },
      want: ["10.1.0.1 true false false"],
    },
    {
      name: "a pod that ends but serves",
      pod: { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
      want: ["10.1.0.1 false true true"],
    },
    { name: "a pod that has ended", pod: { phase: "Succeeded" }, want: [] },
    { name: "a pod without an address", pod: { ip: "" }, want: [] },
    { name: "a pod of another family", pod: { ip: "fd00::1" }, want: [] },
    {
      name: "a pod of both families, for one of them",
      pod: { ip: "10.1.0.1,fd00::1" },
      want: ["10.1.0.1 true true false"],
    },
    {
      name: "a pod of both families, for both",
      pod: { ip: "10.1.0.1,fd00::1" },
      spec: { ipFamilies: ["IPv4", "IPv6"] },
      want: ["10.1.0.1 true true false", "fd00::1 true true false"],
    },
    { name: "no selector", pod: {}, spec: { selector: {} }, want: [] },
    { name: "an external name", pod: {}, spec: { type: "ExternalName" }, want: [] },
    { name: "other labels", pod: {}, spec: { selector: { app: "db" } }, want: [] },
  ];
  for (const { name, pod, spec, want } of cases) {
    it(`gives the endpoints of ${name}`, async () => {
      const { settle } = start();
      putPod({ name: "a", ...pod });
      await createService(spec);
      await settle();
      expect(endpoints()).toEqual(want);
    });
  }

  it("follows pods that become ready, unready, and go", async () => {
    const { api, settle } = start();
    await createService();
    await settle();
    expect(api.all(endpointslices)).toHaveLength(1);
    expect(endpoints()).toEqual([]);
    putPod({ name: "a", ready: false });
    await settle();
    expect(endpoints()).toEqual(["10.1.0.1 false false false"]);
    putPod({ name: "a", ready: true });
    await settle();
    expect(endpoints()).toEqual(["10.1.0.1 true true false"]);
    api.remove(pods, { namespace: "default", name: "a" });
    await settle();
    expect(endpoints()).toEqual([]);
    expect(api.all(endpointslices)).toHaveLength(1);
  });

  it("puts pods whose named port differs into slices of their own", async () => {
    const { api, settle } = start();
    putPod({ name: "a", ports: [{ name: "web", containerPort: 8001 }] });
    putPod({ name: "b", ip: "10.1.0.2", ports: [{ name: "web", containerPort: 8002 }] });
    putPod({ name: "c", ip: "10.1.0.3" });
    await createService({ ports: [{ name: "http", port: 80, targetPort: "web", protocol: "TCP" }] });
    await settle();
    const got = api.all(endpointslices).map(({ ports, endpoints }) => [ports?.[0]?.port, endpoints?.[0].addresses[0]]);
    expect(got.sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1))).toEqual([
      [8001, "10.1.0.1"],
      [8002, "10.1.0.2"],
      [undefined, "10.1.0.3"],
    ]);
  });

  it("marks slices of a headless Service and takes hostnames over", async () => {
    const { api, settle } = start();
    putPod({ name: "a", spec: { hostname: "a-0", subdomain: "web" } });
    await createService({ clusterIP: "None", ports: [] });
    await settle();
    const [slice] = api.all(endpointslices);
    expect(slice.metadata.labels).toHaveProperty(["service.kubernetes.io/headless"], "");
    expect(slice.endpoints?.[0].hostname).toBe("a-0");
    expect(slice.ports).toEqual([]);
  });

  it("spreads many pods over slices of 100 and changes as few as it can", async () => {
    const { api, settle } = start();
    for (let index = 0; index < 250; index++)
      putPod({ name: `p${index}`, ip: `10.1.${Math.floor(index / 100)}.${index % 100}` });
    await createService();
    await settle();
    const lengths = () => api.all(endpointslices).map((slice) => slice.endpoints?.length ?? 0);
    expect(lengths().sort()).toEqual([100, 100, 50]);
    api.writes.length = 0;
    putPod({ name: "one-more", ip: "10.9.9.9" });
    await settle();
    expect(lengths().sort()).toEqual([100, 100, 51]);
    expect(api.writes).toHaveLength(1);
  });

  it("replaces what somebody else has changed, and removes slices of other families", async () => {
    const { api, settle } = start();
    putPod({ name: "a" });
    const service = await createService();
    await settle();
    const [slice] = api.all(endpointslices);
    api.put(endpointslices, { ...slice, endpoints: [] });
    await settle();
    expect(endpoints()).toEqual(["10.1.0.1 true true false"]);
    api.put(endpointslices, { ...slice, metadata: { ...slice.metadata, name: "six", uid: "" }, addressType: "IPv6" });
    await settle();
    expect(api.all(endpointslices).map((one) => one.addressType)).toEqual(["IPv4"]);
    expect(service.metadata.name).toBe("web");
  });

  const zones = { forZones: [{ name: "z1" }] };
  const hintCases: { name: string; spec: Partial<ServiceSpec>; ready?: boolean; want: unknown }[] = [
    { name: "nothing asked for", spec: {}, want: undefined },
    { name: "PreferClose", spec: { trafficDistribution: "PreferClose" }, want: zones },
    { name: "PreferSameZone", spec: { trafficDistribution: "PreferSameZone" }, want: zones },
    {
      name: "PreferSameNode",
      spec: { trafficDistribution: "PreferSameNode" },
      want: { ...zones, forNodes: [{ name: "n1" }] },
    },
    {
      name: "an endpoint that is not ready",
      spec: { trafficDistribution: "PreferClose" },
      ready: false,
      want: undefined,
    },
  ];
  for (const { name, spec, ready = true, want } of hintCases) {
    it(`hints from where to use an endpoint: ${name}`, async () => {
      const { api, settle } = start();
      putPod({ name: "a", ready });
      await createService();
      await settle();
      const [service] = api.all(services);
      api.put(services, { ...service, spec: { ...service.spec, ...spec } });
      await settle();
      expect(api.all(endpointslices)[0].endpoints?.[0].hints).toEqual(want);
    });
  }

  it("leaves out a pod whose node is not known, says so, and takes it in when the node comes", async () => {
    const { api, events, settle } = start();
    putPod({ name: "a", spec: { nodeName: "n2" } });
    await createService();
    await settle();
    expect(endpoints()).toEqual([]);
    const problem = "skipping Pod a for Service default/web: Node n2 Not Found";
    expect(events()).toContain(
      `FailedToUpdateEndpointSlices: Error updating Endpoint Slices for Service default/web: ${problem}`,
    );
    api.put(nodes, { metadata: { name: "n2" }, spec: {} });
    await settle();
    expect(endpoints()).toEqual(["10.1.0.1 true true false"]);
  });

  it("does not make a second slice while its informer is behind", async () => {
    const late: (() => void)[] = [];
    harness = startHarness([{ name: "endpointslice-controller", create: createEndpointSliceController }], {
      before: (api) => void api.put(nodes, { metadata: { name: "n1" }, spec: {} }),
      delivery: (resource) => (deliver) => (resource.resource === "endpointslices" ? late.push(deliver) : deliver()),
    });
    await createService();
    await harness.settle();
    putPod({ name: "a" });
    await harness.settle();
    expect(harness.api.all(endpointslices)).toHaveLength(1);
    for (const deliver of late.splice(0)) deliver();
    await harness.clock.advance(2000);
    expect(endpoints()).toEqual(["10.1.0.1 true true false"]);
    expect(harness.api.all(endpointslices)).toHaveLength(1);
  });
});
