import { describe, expect, test } from "vitest";
import type { Ingress, IPAddress, NetworkPolicy, ServiceCIDR } from "../../../../../lib/openapi/types/networking-v1.ts";
import { ingressStrategy } from "../../../../../lib/registry/networking/ingress.ts";
import { ingressClassStrategy } from "../../../../../lib/registry/networking/ingressclass.ts";
import { ipAddressStrategy } from "../../../../../lib/registry/networking/ipaddress.ts";
import { networkPolicyStrategy } from "../../../../../lib/registry/networking/networkpolicy.ts";
import { serviceCIDRStrategy } from "../../../../../lib/registry/networking/servicecidr.ts";
import { created, now, problems, updated } from "../objects.ts";

const metadata = { name: "a", namespace: "d" };
const backend = { service: { name: "s", port: { number: 80 } } };
const withPath = (path: object) => ({
  rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend, ...path }] } }],
});

describe("ingresses", () => {
  test.each([
    { name: "a path", spec: withPath({}), want: [] },
    {
      name: "nothing at all",
      spec: {},
      want: ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"],
    },
    {
      name: "a path with two slashes",
      spec: withPath({ path: "/a//b" }),
      want: ["spec.rules[0].http.paths[0].path: Invalid value: \"/a//b\": must not contain '//'"],
    },
    {
      name: "a path that is not absolute",
      spec: withPath({ path: "a", pathType: "Exact" }),
      want: ['spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path'],
    },
    {
      name: "a host that is an address",
      spec: { rules: [{ host: "10.0.0.1" }] },
      want: ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'],
    },
    {
      name: "a port twice",
      spec: { defaultBackend: { service: { name: "s", port: { name: "http", number: 80 } } } },
      want: ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
    },
    {
      name: "two kinds of backend",
      spec: { defaultBackend: { ...backend, resource: { kind: "K", name: "n" } } },
      want: ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
    },
  ])("$name", async ({ spec, want }) => {
    expect(await problems("networking.v1.Ingress", ingressStrategy, { metadata, spec })).toEqual(want);
  });

  test("annotation and field agree on the class of a new one", async () => {
    const annotated = { ...metadata, annotations: { "kubernetes.io/ingress.class": "x" } };
    const one = { metadata: annotated, spec: { ...withPath({}), ingressClassName: "y" } };
    expect(await problems("networking.v1.Ingress", ingressStrategy, one)).toEqual([
      'annotations.kubernetes.io/ingress.class: Invalid value: "x": must match `ingressClassName` when both are specified',
    ]);
    expect(ingressStrategy.warningsOnCreate?.({ metadata: annotated, spec: {} } as unknown as Ingress)).toHaveLength(1);
  });

  test("are shown with some of their hosts", () => {
    const rules = ["a", "b", "c", "d", "e"].map((host) => ({ host: `${host}.test` }));
    const one = {
      metadata: { name: "a" },
      spec: { rules, tls: [{}] },
      status: { loadBalancer: { ingress: [{ hostname: "z" }, { ip: "10.0.0.1" }] } },
    };
    expect(ingressStrategy.cells?.(one as never, { now })).toEqual([
      "a",
      "<none>",
      "a.test,b.test,c.test + 2 more...",
      "10.0.0.1,z",
      "80, 443",
      "<unknown>",
    ]);
  });
});

describe("ingress classes", () => {
  const one = (spec: object) => ({ metadata: { name: "a" }, spec: { controller: "a.test/c", ...spec } });

  test.each([
    { name: "a plain one", spec: {}, want: [] },
    { name: "no controller", spec: { controller: "" }, want: ["spec.controller: Required value"] },
    {
      name: "a namespace for the cluster",
      spec: { parameters: { kind: "K", name: "n", namespace: "x" } },
      want: ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
    },
    {
      name: "no namespace for one",
      spec: { parameters: { kind: "K", name: "n", scope: "Namespace" } },
      want: ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    },
  ])("$name", async ({ spec, want }) => {
    expect(await problems("networking.v1.IngressClass", ingressClassStrategy, one(spec))).toEqual(want);
  });

  test("show which is the default, and their parameters", () => {
    const object = {
      ...one({ parameters: { apiGroup: "g.test", kind: "K", name: "n" } }),
      metadata: { name: "a", annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
    };
    expect(ingressClassStrategy.cells?.(object as never, { now })).toEqual([
      "a (default)",
      "a.test/c",
      "K.g.test/n",
      "<unknown>",
    ]);
  });
});

describe("network policies", () => {
  const policy = (spec: object) => ({ metadata, spec: { podSelector: {}, ...spec } });
  const to = (peer: object, ports: object[] = []) => policy({ egress: [{ to: [peer], ports }] });

  test("are for what they have rules for", () => {
    const types = (spec: object) =>
      created<NetworkPolicy>("networking.v1.NetworkPolicy", networkPolicyStrategy, policy(spec)).spec?.policyTypes;
    expect([types({}), types({ egress: [{}] })]).toEqual([["Ingress"], ["Ingress", "Egress"]]);
  });

  test.each([
    {
      name: "a peer that says nothing",
      object: to({}),
      want: ["spec.egress[0].to[0]: Required value: must specify a peer"],
    },
    {
      name: "a block and another peer",
      object: to({ ipBlock: { cidr: "10.0.0.0/8" }, podSelector: {} }),
      want: ["spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer"],
    },
    {
      name: "an exception outside",
      object: to({ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }),
      want: ['spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`'],
    },
    {
      name: "an end without a beginning",
      object: to({ podSelector: {} }, [{ endPort: 90 }]),
      want: ["spec.egress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is not specified"],
    },
    {
      name: "an end before its beginning",
      object: to({ podSelector: {} }, [{ port: 90, endPort: 80 }]),
      want: ["spec.egress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`"],
    },
    {
      name: "an unknown type",
      object: policy({ policyTypes: ["Odd"] }),
      want: ['spec.policyTypes[0]: Unsupported value: "Odd": supported values: "Ingress", "Egress"'],
    },
  ])("$name", async ({ object, want }) => {
    expect(await problems("networking.v1.NetworkPolicy", networkPolicyStrategy, object)).toEqual(want);
  });

  test("ranges that were let through once are let through", async () => {
    const old = created<NetworkPolicy>(
      "networking.v1.NetworkPolicy",
      networkPolicyStrategy,
      to({ ipBlock: { cidr: "010.0.0.0/8" } }),
    );
    const { problems: found } = await updated(
      "networking.v1.NetworkPolicy",
      networkPolicyStrategy,
      old as never,
      () => {},
    );
    expect(found).toEqual([]);
  });
});

describe("addresses and ranges", () => {
  test.each([
    { name: "10.0.0.1", want: [] },
    { name: "2001:db8::1", want: [] },
    { name: "10.0.0.01", want: ["must not have leading 0s"] },
    { name: "2001:DB8::1", want: ['must be in canonical form ("2001:db8::1")'] },
    { name: "x", want: ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"] },
  ])("an address's name: $name", ({ name, want }) => {
    expect(ipAddressStrategy.validateName?.(name, false)).toEqual(want);
  });

  test("an address keeps its parent", async () => {
    const one = {
      metadata: { name: "10.0.0.1" },
      spec: { parentRef: { resource: "services", namespace: "d", name: "s" } },
    };
    const old = created<IPAddress>("networking.v1.IPAddress", ipAddressStrategy, one);
    const { problems: found } = await updated(
      "networking.v1.IPAddress",
      ipAddressStrategy,
      old as never,
      ((object: IPAddress) => Object.assign(object.spec?.parentRef ?? {}, { name: "t" })) as never,
    );
    expect(found).toEqual([
      'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"d","Name":"t"}: field is immutable',
    ]);
    expect(ipAddressStrategy.cells?.(old, { now })?.slice(0, 2)).toEqual(["10.0.0.1", "services/d/s"]);
  });

  test.each([
    { name: "none", cidrs: [], want: ["spec.cidrs: Required value: at least one CIDR required"] },
    {
      name: "two of a family",
      cidrs: ["10.0.0.0/8", "11.0.0.0/8"],
      want: [
        'spec.cidrs: Invalid value: ["10.0.0.0/8","11.0.0.0/8"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    },
    {
      name: "bits behind the prefix",
      cidrs: ["10.0.0.1/8"],
      want: ['spec.cidrs[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length'],
    },
  ])("ranges: $name", async ({ cidrs, want }) => {
    expect(
      await problems("networking.v1.ServiceCIDR", serviceCIDRStrategy, { metadata: { name: "a" }, spec: { cidrs } }),
    ).toEqual(want);
  });

  test("a range of the other family may be added", async () => {
    const old = created<ServiceCIDR>("networking.v1.ServiceCIDR", serviceCIDRStrategy, {
      metadata: { name: "a" },
      spec: { cidrs: ["10.0.0.0/8"] },
    });
    const set = async (...cidrs: string[]) =>
      (
        await updated(
          "networking.v1.ServiceCIDR",
          serviceCIDRStrategy,
          old as never,
          ((one: ServiceCIDR) => Object.assign(one, { spec: { cidrs } })) as never,
        )
      ).problems;
    expect(await set("10.0.0.0/8", "2001:db8::/64")).toEqual([]);
    expect(await set("11.0.0.0/8")).toEqual(['spec.cidrs[0]: Invalid value: "11.0.0.0/8": field is immutable']);
  });
});
