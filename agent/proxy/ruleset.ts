/**
 * Services as one nftables table: a pure function, so that the whole of it is replaced in one transaction
 * (upstream: pkg/proxy/nftables).
 */
import { createHash } from "node:crypto";
import type { Service, ServicePort } from "../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../lib/openapi/types/discovery-v1.ts";
import { portTargets, type Target } from "./endpoints.ts";

/** A port of the machine that leads to a pod: spec.containers[].ports[].hostPort. */
export interface HostPort {
  readonly hostIp: string;
  readonly hostPort: number;
  readonly protocol: string;
  readonly podIp: string;
  readonly containerPort: number;
}

/** What the rules are made from. */
export interface RulesetInput {
  readonly table: string;
  readonly nodeName: string;
  readonly podCidr: string;
  /** Where pods are that can be reached without the machine's own address: not masqueraded. */
  readonly clusterCidrs: readonly string[];
  readonly services: readonly Service[];
  /** By `namespace/name` of the Service. */
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>;
  readonly hostPorts: readonly HostPort[];
  /** The cluster's DNS: its Service address, and where the agent answers. */
  readonly dns?: { readonly clusterIp: string; readonly address: string; readonly port: number };
  /** Traffic inside the bridge passes no rules: answers between pods of this node need the machine's address. */
  readonly masqueradeLocal: boolean;
}

const mark = "0x4000";
const dports = "th dport";
/** A chain's name may have 127 bytes; protocol, port and `_ext` follow. */
const maxChainName = 100;

interface Rules {
  readonly clusterIps: string[];
  readonly nodePorts: string[];
  readonly externalIps: string[];
  readonly rejected: string[];
  readonly rejectedPorts: string[];
  readonly dropped: string[];
  readonly droppedPorts: string[];
  readonly hairpin: Set<string>;
  readonly chains: string[];
}

/** The input of `nft -f -`: adds the table where it is missing, empties it, fills it. */
export function ruleset(input: RulesetInput): string {
  const rules: Rules = {
    clusterIps: [],
    nodePorts: [],
    externalIps: [],
    rejected: [],
    rejectedPorts: [],
    dropped: [],
    droppedPorts: [],
    hairpin: new Set(),
    chains: [],
  };
  const ordered = input.services.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const service of ordered) addService(rules, service, input);
  if (input.dns) addDns(rules, input.dns);
  const hostPorts = input.hostPorts.flatMap((one, index) => addHostPort(rules, one, index));
  return text(input, rules, hostPorts);
}

const nameOf = ({ metadata: { namespace, name } }: Service) => `${namespace}/${name}`;

function addService(rules: Rules, service: Service, input: RulesetInput): void {
  const { spec } = service;
  if (!spec || spec.type === "ExternalName" || !spec.clusterIP || spec.clusterIP === "None") return;
  if (spec.clusterIP.includes(":")) return;
  for (const port of spec.ports ?? []) addPort(rules, service, port, input);
}

function addPort(rules: Rules, service: Service, port: ServicePort, input: RulesetInput): void {
  const { spec } = service;
  const key = nameOf(service);
  const targets = portTargets(service, port, input.slices.get(key) ?? [], input.nodeName);
  const protocol = (port.protocol ?? "TCP").toLowerCase();
  const id = `${chainName(key)}_${protocol}_${port.port}`;
  const addresses = [
    ...(spec?.externalIPs ?? []),
    ...(service.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? ""),
  ];
  const external = addresses.filter((ip) => ip !== "" && !ip.includes(":"));
  const clusterElement = `${spec?.clusterIP} . ${protocol} . ${port.port}`;
  const nodeElement = port.nodePort ? `${protocol} . ${port.nodePort}` : undefined;
  const externalElements = external.map((ip) => `${ip} . ${protocol} . ${port.port}`);
  for (const { ip } of targets.internal) rules.hairpin.add(ip);
  for (const { ip } of targets.external) rules.hairpin.add(ip);
  const sticky = spec?.sessionAffinity === "ClientIP";
  if (targets.internal.length > 0) {
    rules.chains.push(chain(id, protocol, targets.internal, sticky));
    rules.clusterIps.push(`${clusterElement} : goto ${id}`);
  } else (targets.none ? rules.rejected : rules.dropped).push(clusterElement);
  if (nodeElement === undefined && externalElements.length === 0) return;
  if (targets.external.length > 0) {
    addExternal(rules, id, protocol, targets.external, sticky, spec?.externalTrafficPolicy === "Local");
    if (nodeElement) rules.nodePorts.push(`${nodeElement} : goto ${id}_ext`);
    rules.externalIps.push(...externalElements.map((element) => `${element} : goto ${id}_ext`));
    return;
  }
  (targets.none ? rules.rejected : rules.dropped).push(...externalElements);
  if (nodeElement) (targets.none ? rules.rejectedPorts : rules.droppedPorts).push(nodeElement);
}

/**
 * Traffic from outside gets the machine's address as its source, so that the answer comes back this way. A Local policy
 * keeps the client's, but for connections to 127.0.0.1: that address means something else in the pod.
 */
function addExternal(
  rules: Rules,
  id: string,
  protocol: string,
  targets: readonly Target[],
  sticky: boolean,
  local: boolean,
): void {
  const marking = `meta mark set meta mark or ${mark}`;
  const first = local ? `ip saddr 127.0.0.0/8 ${marking}` : marking;
  rules.chains.push(`  chain ${id}_ext {\n    ${first}\n    ${dnat(protocol, targets, sticky)}\n  }`);
}

/** A chain's name from a Service's: nft takes letters, digits, `_`, `.`, `/` and no dash at the start. */
function chainName(key: string): string {
  const name = `svc_${key.replaceAll("-", "_2d").replaceAll("/", "__").replaceAll(".", "_2e")}`;
  if (name.length <= maxChainName) return name;
  return `${name.slice(0, maxChainName - 17)}_${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
}

function chain(id: string, protocol: string, targets: readonly Target[], sticky: boolean): string {
  return `  chain ${id} {\n    ${dnat(protocol, targets, sticky)}\n  }`;
}

/** Picks one target at random, or by the client's address. */
function dnat(protocol: string, targets: readonly Target[], sticky: boolean): string {
  if (targets.length === 1) return `meta l4proto ${protocol} dnat ip to ${targets[0].ip}:${targets[0].port}`;
  const map = targets.map(({ ip, port }, index) => `${index} : ${ip} . ${port}`).join(", ");
  const by = sticky ? `jhash ip saddr mod ${targets.length}` : `numgen random mod ${targets.length}`;
  return `meta l4proto ${protocol} dnat ip to ${by} map { ${map} }`;
}

function addDns(rules: Rules, dns: NonNullable<RulesetInput["dns"]>): void {
  for (const protocol of ["udp", "tcp"]) {
    const id = `dns_${protocol}`;
    rules.chains.push(chain(id, protocol, [{ ip: dns.address, port: dns.port, local: true }], false));
    const element = `${dns.clusterIp} . ${protocol} . 53`;
    // A Service of that address has its own rules: a cluster may bring another DNS.
    const taken = rules.clusterIps.some((one) => one.startsWith(`${element} `)) || rules.rejected.includes(element);
    if (!taken) rules.clusterIps.push(`${element} : goto ${id}`);
  }
}

function addHostPort(rules: Rules, one: HostPort, index: number): string[] {
  const protocol = one.protocol.toLowerCase();
  const id = `hostport_${index}`;
  const target = { ip: one.podIp, port: one.containerPort, local: true };
  rules.hairpin.add(one.podIp);
  const loopback = `ip saddr 127.0.0.0/8 meta mark set meta mark or ${mark}`;
  rules.chains.push(`  chain ${id} {\n    ${loopback}\n    ${dnat(protocol, [target], false)}\n  }`);
  const where = one.hostIp === "" || one.hostIp === "0.0.0.0" ? "fib daddr type local" : `ip daddr ${one.hostIp}`;
  return [`    ${where} meta l4proto ${protocol} ${dports} ${one.hostPort} goto ${id}`];
}

function elements(list: readonly string[]): string {
  return list.length === 0 ? "" : `\n    elements = { ${list.join(",\n                 ")} }`;
}

const triple = "type ipv4_addr . inet_proto . inet_service";
const pair = "type inet_proto . inet_service";

function text(input: RulesetInput, rules: Rules, hostPorts: readonly string[]): string {
  const hairpin = [...rules.hairpin].sort().map((ip) => `${ip} . ${ip}`);
  const own = [input.podCidr, ...input.clusterCidrs];
  const inside = `ip daddr . meta l4proto . ${dports}`;
  const port = `fib daddr type local meta l4proto . ${dports}`;
  const local = input.masqueradeLocal
    ? [`    ct status dnat ip saddr ${input.podCidr} ip daddr ${input.podCidr} masquerade`]
    : [];
  return `${[
    `add table ip ${input.table}`,
    `delete table ip ${input.table}`,
    `table ip ${input.table} {`,
    `  map cluster_ips {\n    ${triple} : verdict${elements(rules.clusterIps)}\n  }`,
    `  map external_ips {\n    ${triple} : verdict${elements(rules.externalIps)}\n  }`,
    `  map node_ports {\n    ${pair} : verdict${elements(rules.nodePorts)}\n  }`,
    `  set rejected {\n    ${triple}${elements(rules.rejected)}\n  }`,
    `  set rejected_ports {\n    ${pair}${elements(rules.rejectedPorts)}\n  }`,
    `  set dropped {\n    ${triple}${elements(rules.dropped)}\n  }`,
    `  set dropped_ports {\n    ${pair}${elements(rules.droppedPorts)}\n  }`,
    `  set hairpin {\n    type ipv4_addr . ipv4_addr${elements(hairpin)}\n  }`,
    ...rules.chains,
    "  chain services {",
    `    ${inside} vmap @cluster_ips`,
    `    ${inside} vmap @external_ips`,
    `    ${port} vmap @node_ports`,
    ...hostPorts,
    "  }",
    "  chain refuse {",
    // TCP is answered in kind: the kernel drops an ICMP error that comes while the client's socket is in use, which is
    // so when the refusal is as quick as on the same machine, and the client would try again only a second later.
    `    meta l4proto tcp ${inside} @rejected reject with tcp reset`,
    `    meta l4proto tcp ${port} @rejected_ports reject with tcp reset`,
    `    ${inside} @rejected reject with icmp type port-unreachable`,
    `    ${port} @rejected_ports reject with icmp type port-unreachable`,
    `    ${inside} @dropped drop`,
    `    ${port} @dropped_ports drop`,
    "  }",
    "  chain prerouting {\n    type nat hook prerouting priority dstnat; policy accept;\n    jump services\n  }",
    "  chain output {\n    type nat hook output priority -100; policy accept;\n    jump services\n  }",
    "  chain postrouting {\n    type nat hook postrouting priority srcnat; policy accept;",
    `    meta mark and ${mark} == ${mark} masquerade`,
    "    ct status dnat ip saddr . ip daddr @hairpin masquerade",
    ...local,
    `    ip saddr ${input.podCidr} ip daddr != { ${own.join(", ")} } fib daddr type != local masquerade`,
    "  }",
    "  chain input {\n    type filter hook input priority filter; policy accept;",
    // route_localnet opens 127.0.0.1 to whoever is on the same wire: only what the machine itself began may come.
    `    iifname != "lo" ip daddr 127.0.0.0/8 ct state new drop`,
    "    jump refuse\n  }",
    "  chain forward {\n    type filter hook forward priority filter; policy accept;\n    jump refuse\n  }",
    "  chain local_output {\n    type filter hook output priority filter; policy accept;\n    jump refuse\n  }",
    "}",
  ].join("\n")}\n`;
}
