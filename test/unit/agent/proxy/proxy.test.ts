import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { portTargets } from "../../../../agent/proxy/endpoints.ts";
import { hostPortsOf } from "../../../../agent/proxy/proxier.ts";
import { type RulesetInput, ruleset } from "../../../../agent/proxy/ruleset.ts";
import { container, pod, service, slice } from "../objects.ts";

const input = (more: Partial<RulesetInput>): RulesetInput => ({
  table: "coracle_test",
  nodeName: "n",
  podCidr: "10.244.0.0/24",
  clusterCidrs: [],
  services: [],
  slices: new Map(),
  hostPorts: [],
  masqueradeLocal: false,
  ...more,
});

const http = { name: "", port: 80, protocol: "TCP" };
const full = input({
  dns: { clusterIp: "10.96.0.10", address: "10.244.0.1", port: 5353 },
  clusterCidrs: ["10.244.1.0/24"],
  services: [
    service("my-web", {
      clusterIP: "10.96.0.7",
      type: "NodePort",
      ports: [{ ...http, nodePort: 30080 }],
      sessionAffinity: "ClientIP",
    }),
    service("none", { clusterIP: "10.96.0.8", type: "NodePort", ports: [{ ...http, nodePort: 30081 }] }),
    service("local", {
      clusterIP: "10.96.0.9",
      type: "NodePort",
      externalTrafficPolicy: "Local",
      ports: [{ ...http, nodePort: 30082 }],
    }),
    service("udp", {
      clusterIP: "10.96.0.11",
      externalIPs: ["192.0.2.7"],
      ports: [{ ...http, port: 53, protocol: "UDP" }],
    }),
    service("headless", { clusterIP: "None", ports: [http] }),
    service("elsewhere", { type: "ExternalName", externalName: "example.com" }),
  ],
  slices: new Map([
    ["shop/my-web", [slice("my-web", [{ ip: "10.244.0.2" }, { ip: "10.244.1.3", node: "m" }])]],
    ["shop/local", [slice("local", [{ ip: "10.244.1.4", node: "m" }])]],
    ["shop/udp", [slice("udp", [{ ip: "10.244.0.5" }], [{ name: "", port: 5353, protocol: "UDP" }])]],
  ]),
  hostPorts: [{ hostIp: "", hostPort: 8080, protocol: "TCP", podIp: "10.244.0.2", containerPort: 80 }],
  masqueradeLocal: true,
});

describe("ruleset", () => {
  it("of all there is", async () => {
    await expect(ruleset(full)).toMatchFileSnapshot("../../../golden/proxy/full.nft");
  });

  it("of nothing", async () => {
    await expect(ruleset(input({}))).toMatchFileSnapshot("../../../golden/proxy/empty.nft");
  });

  it("is the same whatever the order of Services", () => {
    expect(ruleset({ ...full, services: full.services.toReversed() })).toBe(ruleset(full));
  });

  it("leaves the DNS address to a Service that has it", () => {
    const dns = service("kube-dns", { clusterIP: "10.96.0.10", ports: [{ ...http, port: 53, protocol: "UDP" }] });
    const slices = new Map([
      ["shop/kube-dns", [slice("kube-dns", [{ ip: "10.244.0.9" }], [{ name: "", port: 53, protocol: "UDP" }])]],
    ]);
    const text = ruleset({ ...full, services: [dns], slices });
    expect(text).toContain("10.96.0.10 . udp . 53 : goto svc_shop__kube_2ddns_udp_53");
    expect(text).not.toContain("10.96.0.10 . udp . 53 : goto dns_udp");
  });

  it("keeps names short enough for nft", () => {
    const long = service("a".repeat(63), { clusterIP: "10.96.0.7", ports: [http] }, "b-".repeat(31));
    const key = `${long.metadata.namespace}/${long.metadata.name}`;
    const text = ruleset(input({ services: [long], slices: new Map([[key, [slice("x", [{ ip: "10.244.0.2" }])]]]) }));
    const [, name] = /chain (svc_\S+)/.exec(text) ?? [];
    expect(name.length).toBeLessThan(128);
  });

  const canCheck = process.getuid?.() === 0 && existsSync("/usr/sbin/nft");
  it.runIf(canCheck)("is taken by nft", () => {
    for (const one of [full, input({})]) {
      const { status, stderr } = spawnSync("nft", ["-c", "-f", "-"], { input: ruleset(one), encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
    }
  });
});

describe("portTargets", () => {
  const ips = (list: readonly { ip: string }[]) => list.map(({ ip }) => ip);
  const here = { ip: "10.244.0.2" };
  const there = { ip: "10.244.1.3", node: "m" };
  it.each([
    {
      name: "all that are ready",
      spec: {},
      endpoints: [here, there],
      want: { none: false, internal: ["10.244.0.2", "10.244.1.3"] },
    },
    {
      name: "not those that aren't",
      spec: {},
      endpoints: [here, { ...there, ready: false }],
      want: { internal: ["10.244.0.2"] },
    },
    {
      name: "those that end, when no other is left",
      spec: {},
      endpoints: [{ ...here, ready: false, serving: true, terminating: true }],
      want: { internal: ["10.244.0.2"] },
    },
    { name: "none", spec: {}, endpoints: [{ ...here, ready: false }], want: { none: true, internal: [] } },
    {
      name: "own ones under a Local policy",
      spec: { externalTrafficPolicy: "Local" },
      endpoints: [here, there],
      want: { internal: ["10.244.0.2", "10.244.1.3"], external: ["10.244.0.2"] },
    },
    {
      name: "nobody here, but elsewhere",
      spec: { internalTrafficPolicy: "Local" },
      endpoints: [there],
      want: { none: false, internal: [], external: ["10.244.1.3"] },
    },
  ])("$name", ({ spec, endpoints, want }) => {
    const found = portTargets(service("web", spec), http, [slice("web", endpoints)], "n");
    expect({ none: found.none, internal: ips(found.internal), external: ips(found.external) }).toMatchObject(want);
  });

  it("takes the slice's port of the same name and protocol", () => {
    const ports = [
      { name: "a", port: 1 },
      { name: "b", port: 2, protocol: "UDP" },
    ];
    const found = portTargets(
      service("web", {}),
      { name: "b", port: 80, protocol: "UDP" },
      [slice("web", [here], ports)],
      "n",
    );
    expect(found.internal).toEqual([{ ip: "10.244.0.2", port: 2, local: true }]);
  });
});

it("hostPortsOf: the ports of pods that have an address and run", () => {
  const ports = [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }];
  const spec = { containers: [container("main", { ports })] };
  const want = { hostIp: "", hostPort: 8080, protocol: "TCP", podIp: "10.244.0.2", containerPort: 80 };
  expect(hostPortsOf(pod(spec, { status: { podIP: "10.244.0.2", phase: "Running" } }))).toEqual([want]);
  expect(hostPortsOf(pod(spec, { status: { phase: "Pending" } }))).toEqual([]);
  expect(hostPortsOf(pod(spec, { status: { podIP: "10.244.0.2", phase: "Succeeded" } }))).toEqual([]);
});
