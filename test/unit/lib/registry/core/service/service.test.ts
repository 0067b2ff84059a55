import { describe, expect, test } from "vitest";
import type { Service } from "../../../../../../lib/openapi/types/core-v1.ts";
import { ipaddresses, servicecidrs, services } from "../../../../../../lib/openapi/types/resources.ts";
import { serviceStrategy as strategy } from "../../../../../../lib/registry/core/service/strategy.ts";
import { nodePortAllocations } from "../../../../../../lib/registry/internal-resources.ts";
import type { StrategyContext } from "../../../../../../lib/registry/strategy.ts";
import { context, decoded, type MemoryObjects, messageOf, texts } from "../../objects.ts";

type Spec = Record<string, unknown>;
const port = { port: 80 };

function service(spec: Spec, name = "a"): Service {
  const object = { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "d" }, spec };
  return decoded("core.v1.Service", strategy as never, object) as unknown as Service;
}

async function create(spec: Spec, at: StrategyContext, name = "a"): Promise<Service> {
  const object = service(spec, name);
  strategy.prepareForCreate?.(object, at);
  const rollback = await strategy.beginCreate?.(object, at);
  const errors = await strategy.validate?.(object, at);
  if (errors?.length) {
    await rollback?.();
    throw new Error(texts(errors).join("; "));
  }
  return object;
}

async function update(old: Service, change: Spec, at: StrategyContext): Promise<Service> {
  const merged = { ...structuredClone(old.spec), ...change };
  for (const [key, value] of Object.entries(change)) if (value === null) delete (merged as Spec)[key];
  const object = service(merged, old.metadata.name);
  strategy.prepareForUpdate?.(object, old, at);
  const rollback = await strategy.beginUpdate?.(object, old, at);
  const errors = await strategy.validateUpdate?.(object, old, at);
  if (errors?.length) {
    await rollback?.();
    throw new Error(texts(errors).join("; "));
  }
  await strategy.afterUpdate?.(object, old, at);
  return object;
}

describe("cluster IPs", () => {
  test("come from the upper part of the range first, then from the lower, until there is none", async () => {
    const at = context({ config: { serviceCIDRs: ["10.0.0.0/27"] } });
    const ips: string[] = [];
    for (let index = 0; index < 30; index++)
      ips.push((await create({ ports: [port] }, at, `s${index}`)).spec.clusterIP ?? "");
    expect(ips[0]).toBe("10.0.0.17");
    expect(ips[14]).toBe("10.0.0.1");
    expect(new Set(ips).size).toBe(30);
    expect(ips).not.toContain("10.0.0.0");
    expect(ips).not.toContain("10.0.0.31");
    expect(await messageOf(create({ ports: [port] }, at, "more"))).toBe(
      'Internal error occurred: failed to allocate a serviceIP for Service "more": range is full',
    );
    expect(at.objects.names("ipaddresses")).toHaveLength(30);
  });

  test("are unique where many are created at once and all start at the same place", async () => {
    const at = context();
    const made = await Promise.all(
      Array.from({ length: 60 }, (_, index) => create({ ports: [port], type: "NodePort" }, at, `s${index}`)),
    );
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(60);
    expect(new Set(made.map(({ spec }) => spec.ports?.[0].nodePort)).size).toBe(60);
  });

  test("that are asked for go to one of two", async () => {
    const at = context();
    const ask = (name: string) => create({ clusterIP: "10.96.1.1", ports: [port] }, at, name);
    const results = await Promise.allSettled([ask("a"), ask("b")]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const address = at.objects.stored.get("networking.k8s.io/ipaddresses//10.96.1.1");
    expect(address?.metadata.labels).toEqual({
      "ipaddress.kubernetes.io/ip-family": "IPv4",
      "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    });
  });

  test.each([
    { name: "outside", ip: "10.97.0.1", want: "the provided network does not match the current range" },
    {
      name: "the network itself",
      ip: "10.96.0.0",
      want: "the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/16",
    },
  ])("are refused: $name", async ({ ip, want }) => {
    expect(await messageOf(create({ clusterIP: ip, ports: [port] }, context()))).toContain(
      `failed to allocate IP ${ip}: ${want}`,
    );
  });

  test("may come from a ServiceCIDR", async () => {
    const at = context();
    await at.objects.create(servicecidrs, { metadata: { name: "more" }, spec: { cidrs: ["10.200.0.0/24"] } });
    expect((await create({ clusterIP: "10.200.0.9", ports: [port] }, at)).spec.clusterIPs).toEqual(["10.200.0.9"]);
  });

  test("are given back where the Service is refused, and where it is deleted", async () => {
    const at = context();
    await expect(create({ ports: [{ port: 70_000 }], type: "NodePort" }, at)).rejects.toThrow("spec.ports[0].port");
    expect(at.objects.names("ipaddresses")).toEqual([]);
    expect(at.objects.names("nodeportallocations")).toEqual([]);
    const made = await create({ ports: [port], type: "NodePort" }, at);
    expect(at.objects.names("nodeportallocations")).toHaveLength(1);
    await strategy.afterDelete?.(made, at);
    expect(at.objects.stored.size).toBe(0);
  });

  test("take nothing in a dry run", async () => {
    const at = context({ dryRun: true });
    const made = await create({ ports: [port], type: "NodePort" }, at);
    expect(made.spec.clusterIP).toBe("10.96.0.0");
    expect(at.objects.stored.size).toBe(0);
  });
});

describe("what a server that ended has left taken", () => {
  const left = (creationTimestamp: string, owner = "gone") => ({
    metadata: { name: "", uid: "u", creationTimestamp },
    spec: { parentRef: { resource: "services", namespace: "d", name: owner } },
  });
  const named = (name: string, allocation: ReturnType<typeof left>) => {
    allocation.metadata.name = name;
    return allocation;
  };

  test("is taken over a minute later by who asks for it", async () => {
    const at = context();
    await at.objects.create(ipaddresses, named("10.96.1.1", left("2025-12-31T23:58:00Z")));
    await at.objects.create(nodePortAllocations, named("30001", left("2025-12-31T23:58:00Z")));
    const spec = { type: "NodePort", clusterIP: "10.96.1.1", ports: [{ port: 80, nodePort: 30_001 }] };
    expect((await create(spec, at)).spec.clusterIP).toBe("10.96.1.1");
    const { spec: taken } = at.objects.stored.get("/nodeportallocations//30001") as never;
    expect(taken).toEqual({ parentRef: { resource: "services", namespace: "d", name: "a" } });
  });

  test("is not where it is young, or its Service holds it", async () => {
    const at = context();
    await at.objects.create(ipaddresses, named("10.96.1.1", left("2025-12-31T23:59:30Z")));
    await at.objects.create(ipaddresses, named("10.96.1.2", left("2025-12-31T00:00:00Z", "b")));
    await at.objects.create(services, { metadata: { namespace: "d", name: "b" }, spec: { clusterIPs: ["10.96.1.2"] } });
    for (const clusterIP of ["10.96.1.1", "10.96.1.2"]) {
      expect(await messageOf(create({ clusterIP, ports: [port] }, at))).toContain("provided IP is already allocated");
    }
  });

  test("is freed where else there is nothing", async () => {
    const at = context({ config: { serviceCIDRs: ["10.0.0.0/30"], nodePortRange: [30_000, 30_000] } });
    for (const name of ["10.0.0.1", "10.0.0.2"]) {
      await at.objects.create(ipaddresses, named(name, left("2025-12-31T00:00:00Z")));
    }
    await at.objects.create(nodePortAllocations, named("30000", left("2025-12-31T00:00:00Z")));
    const { spec } = await create({ type: "NodePort", ports: [port] }, at);
    expect([spec.clusterIP, spec.ports?.[0].nodePort]).toEqual(["10.0.0.1", 30_000]);
  });
});

describe("node ports", () => {
  test("one port number of two protocols shares one", async () => {
    const ports = [
      { name: "t", port: 53, protocol: "TCP" },
      { name: "u", port: 53, protocol: "UDP" },
    ];
    const { spec } = await create({ ports, type: "NodePort" }, context());
    expect(spec.ports?.map(({ nodePort }) => nodePort)).toEqual([30_086, 30_086]);
  });

  test("are full at last", async () => {
    const at = context({ config: { nodePortRange: [30_000, 30_002] } });
    for (const name of ["a", "b", "c"]) await create({ ports: [port], type: "NodePort" }, at, name);
    expect(await messageOf(create({ ports: [port], type: "NodePort" }, at, "d"))).toBe(
      "Internal error occurred: failed to allocate a nodePort: range is full",
    );
    expect(at.objects.names("ipaddresses")).toHaveLength(3);
  });

  test("a health port is one more, and goes with its policy", async () => {
    const at = context();
    const made = await create({ ports: [port], type: "LoadBalancer", externalTrafficPolicy: "Local" }, at);
    expect(made.spec.healthCheckNodePort).toBe(30_087);
    const changed = await update(made, { externalTrafficPolicy: "Cluster" }, at);
    expect(changed.spec.healthCheckNodePort).toBeUndefined();
    expect(at.objects.names("nodeportallocations")).toEqual(["30086"]);
  });
});

describe("updates", () => {
  test("to an external name and back give up and take again", async () => {
    const at = context();
    const made = await create({ ports: [port], type: "NodePort" }, at);
    const named = await update(made, { type: "ExternalName", externalName: "x.test" }, at);
    expect(named.spec).toEqual({
      externalName: "x.test",
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
      sessionAffinity: "None",
      type: "ExternalName",
    });
    expect(at.objects.stored.size).toBe(0);
    const back = await update(named, { type: "ClusterIP", externalName: null }, at);
    expect(at.objects.names("ipaddresses")).toEqual([back.spec.clusterIP]);
  });

  test("keep what a client left out", async () => {
    const at = context();
    const made = await create({ ports: [port], type: "NodePort" }, at);
    const changed = await update(
      made,
      { clusterIP: null, clusterIPs: null, ports: [{ port: 80, targetPort: 8080 }] },
      at,
    );
    expect(changed.spec.clusterIPs).toEqual(made.spec.clusterIPs);
    expect(changed.spec.ports?.[0].nodePort).toBe(made.spec.ports?.[0].nodePort);
  });

  test("that are refused give back only what they took", async () => {
    const at = context();
    const made = await create({ ports: [port], type: "NodePort" }, at);
    const before = [...at.objects.stored.keys()];
    const bad = {
      ports: [
        { name: "a", port: 80 },
        { name: "a", port: 81 },
      ],
    };
    await expect(update(made, bad, at)).rejects.toThrow("spec.ports[1].name: Duplicate value");
    expect([...at.objects.stored.keys()]).toEqual(before);
  });

  test("a cluster IP does not change", async () => {
    const at = context();
    const made = await create({ ports: [port] }, at);
    const other = { clusterIP: "10.96.9.9", clusterIPs: ["10.96.9.9"] };
    await expect(update(made, other, at)).rejects.toThrow("may not change once set");
  });
});

describe("families", () => {
  const dual = { config: { serviceCIDRs: ["10.96.0.0/16", "fd00:10:96::/108"] } };

  test.each([
    { name: "one by default", spec: { ports: [port] }, want: [["IPv4"], "SingleStack", 1] },
    {
      name: "both where preferred",
      spec: { ports: [port], ipFamilyPolicy: "PreferDualStack" },
      want: [["IPv4", "IPv6"], "PreferDualStack", 2],
    },
    {
      name: "the one of an address",
      spec: { ports: [port], clusterIP: "fd00:10:96::5" },
      want: [["IPv6"], "SingleStack", 1],
    },
    { name: "both without a selector", spec: { clusterIP: "None" }, want: [["IPv4", "IPv6"], "RequireDualStack", 1] },
  ])("are $name", async ({ spec, want }) => {
    const made = await create(spec, context(dual));
    expect([made.spec.ipFamilies, made.spec.ipFamilyPolicy, made.spec.clusterIPs?.length]).toEqual(want);
  });

  test("are added and given up as the policy says", async () => {
    const at = context(dual);
    const made = await create({ ports: [port] }, at);
    const both = await update(made, { ipFamilyPolicy: "RequireDualStack" }, at);
    expect(both.spec.clusterIPs).toHaveLength(2);
    expect(at.objects.names("ipaddresses")).toHaveLength(2);
    const single = await update(both, { ipFamilyPolicy: "SingleStack" }, at);
    expect(single.spec.clusterIPs).toEqual(made.spec.clusterIPs);
    expect(at.objects.names("ipaddresses")).toEqual(made.spec.clusterIPs);
  });

  test("can't be required where there is one", async () => {
    expect(await messageOf(create({ ports: [port], ipFamilyPolicy: "RequireDualStack" }, context()))).toContain(
      "this cluster is not configured for dual-stack services",
    );
  });
});

describe("rows", () => {
  const cells = (spec: Spec, status = {}) => {
    const object = { ...service(spec), status: { loadBalancer: {}, ...status } };
    object.metadata.creationTimestamp = "2025-12-31T23:55:00Z";
    return strategy.cells?.(object as Service, { now: Date.UTC(2026, 0, 1) });
  };

  test.each([
    {
      name: "a balancer that waits",
      spec: { type: "LoadBalancer", clusterIPs: ["10.96.0.9"], ports: [{ port: 80, nodePort: 30_001 }] },
      want: ["a", "LoadBalancer", "10.96.0.9", "<pending>", "80:30001/TCP", "5m", "<none>"],
    },
    {
      name: "headless",
      spec: { clusterIPs: ["None"], selector: { b: "2", a: "1" } },
      want: ["a", "ClusterIP", "None", "<none>", "<none>", "5m", "a=1,b=2"],
    },
    {
      name: "an external name",
      spec: { type: "ExternalName", externalName: "x.test" },
      want: ["a", "ExternalName", "<none>", "x.test", "<none>", "5m", "<none>"],
    },
  ])("of $name", ({ spec, want }) => {
    expect(cells(spec)).toEqual(want);
  });
});

test("the memory that tests use refuses a second object of a name", async () => {
  const { objects } = context() as { objects: MemoryObjects };
  await objects.create(ipaddresses, { metadata: { name: "x" } });
  expect(await messageOf(objects.create(ipaddresses, { metadata: { name: "x" } }))).toContain("already exists");
});
