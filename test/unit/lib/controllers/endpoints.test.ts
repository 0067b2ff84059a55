import { afterEach, describe, expect, it } from "vitest";
import { createEndpointsController } from "../../../../lib/controllers/endpoints.ts";
import type { Pod, ServiceSpec } from "../../../../lib/openapi/types/core-v1.ts";
import { endpoints, pods, services } from "../../../../lib/openapi/types/resources.ts";
import { type Harness, startHarness } from "../../../support/controller-harness.ts";

let harness: Harness;
afterEach(() => harness.stop());

function start(): Harness {
  harness = startHarness([{ name: "endpoints-controller", create: createEndpointsController }]);
  return harness;
}

function putPod(name: string, ip: string, ready = true, more: Partial<Pod["metadata"]> = {}): void {
  harness.api.put(pods, {
    metadata: { name, namespace: "default", labels: { app: "web" }, ...more },
    spec: { nodeName: "n1", containers: [] },
    status: {
      phase: "Running",
      podIPs: [{ ip }],
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  });
}

function createService(spec: Partial<ServiceSpec> = {}) {
  return harness.api.create(services, {
    metadata: { name: "web", namespace: "default", labels: { team: "x" } },
    spec: { clusterIP: "10.96.0.9", ipFamilies: ["IPv4"], selector: { app: "web" }, ports: [{ port: 80 }], ...spec },
  });
}

/** `ready | not ready : ports` of each subset. */
function subsets(): string[] {
  const ips = (addresses: { ip: string }[] = []) => addresses.map(({ ip }) => ip).join(" ");
  return harness.api
    .all(endpoints)
    .flatMap(({ subsets = [] }) => subsets)
    .map(
      ({ addresses, notReadyAddresses, ports = [] }) =>
        `${ips(addresses)} | ${ips(notReadyAddresses)} : ${ports.map(({ port }) => port).join(" ")}`,
    );
}

describe("endpoints controller", () => {
  it("lists ready and unready pods with the Service's labels", async () => {
    const { api, settle } = start();
    putPod("b", "10.0.0.2");
    putPod("a", "10.0.0.1");
    putPod("c", "10.0.0.3", false);
    await createService();
    await settle();
    expect(subsets()).toEqual(["10.0.0.1 10.0.0.2 | 10.0.0.3 : 80"]);
    expect(api.all(endpoints)[0].metadata.labels).toEqual({
      team: "x",
      "endpoints.kubernetes.io/managed-by": "endpoint-controller",
    });
    expect(api.all(endpoints)[0].subsets?.[0].addresses?.[0]).toMatchObject({
      nodeName: "n1",
      targetRef: { kind: "Pod", name: "a" },
    });
  });

  const deletionTimestamp = "2026-01-01T00:00:00Z";
  const cases: { name: string; ending?: boolean; spec?: Partial<ServiceSpec>; want: string[] }[] = [
    { name: "a pod that ends", ending: true, want: [] },
    {
      name: "a pod that ends, published all the same",
      ending: true,
      spec: { publishNotReadyAddresses: true },
      want: ["10.0.0.1 |  : 80"],
    },
    { name: "a headless Service without ports", spec: { clusterIP: "None", ports: [] }, want: ["10.0.0.1 |  : "] },
    { name: "a Service of another family", spec: { ipFamilies: ["IPv6"] }, want: [] },
    { name: "an external name", spec: { type: "ExternalName" }, want: [] },
    { name: "no selector", spec: { selector: {} }, want: [] },
    { name: "a named port that the pod lacks", spec: { ports: [{ port: 80, targetPort: "web" }] }, want: [] },
  ];
  for (const { name, ending, spec, want } of cases) {
    it(`gives the endpoints of ${name}`, async () => {
      const { settle } = start();
      putPod("a", "10.0.0.1", true, ending ? { deletionTimestamp } : {});
      await createService(spec);
      await settle();
      expect(subsets()).toEqual(want);
    });
  }

  it("goes with its Service, but never with somebody's own", async () => {
    const { api, settle } = start();
    api.put(endpoints, { metadata: { name: "own", namespace: "default" } });
    await createService();
    await settle();
    await api.delete(services, { namespace: "default", name: "web" });
    await settle();
    expect(api.all(endpoints).map(({ metadata }) => metadata.name)).toEqual(["own"]);
  });

  it("holds at most 1,000 addresses, and says that there are more", async () => {
    const { api, settle } = start();
    for (let index = 0; index < 1010; index++)
      putPod(`p${index}`, `10.0.${index >> 8}.${index & 255}`, index % 100 > 0);
    await createService();
    await settle();
    const [{ subsets = [], metadata }] = api.all(endpoints);
    const count = (subsets[0].addresses?.length ?? 0) + (subsets[0].notReadyAddresses?.length ?? 0);
    expect([count, subsets[0].addresses?.length]).toEqual([1000, 999]);
    expect(metadata.annotations).toEqual({ "endpoints.kubernetes.io/over-capacity": "truncated" });
  });
});
