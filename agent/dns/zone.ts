/** The records of the cluster's domain (the DNS specification of Kubernetes, schema version 1.1.0). */
import { addressText, parseAddress } from "../../lib/apimachinery/validation/ip.ts";
import type { Service } from "../../lib/openapi/types/core-v1.ts";
import type { EndpointSlice } from "../../lib/openapi/types/discovery-v1.ts";
import { type Answer, type RecordData, type ResourceRecord, recordType, responseCode } from "./message.ts";

/** What the domain is made from. */
export interface ZoneSource {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, name: string): readonly EndpointSlice[];
  /** Services by cluster address. */
  servicesByIp(ip: string): readonly Service[];
  /** Whether there is a Service in the namespace. */
  hasNamespace(name: string): boolean;
}

const ttlSeconds = 5;

interface Found {
  readonly records: readonly ResourceRecord[];
  readonly additional?: readonly ResourceRecord[];
}

/**
 * Answers from the cluster's own names. undefined: the name is not in the domain and has to be asked elsewhere. A name
 * that exists without records of the type is answered with none; one that doesn't exist with NXDOMAIN.
 */
export function answerFromZone(name: string, type: number, domain: string, source: ZoneSource): Answer | undefined {
  const lower = name.toLowerCase();
  const reverse = reverseAddress(lower);
  if (reverse !== undefined) return reverseAnswer(name, type, reverse, domain, source);
  if (lower !== domain && !lower.endsWith(`.${domain}`)) return undefined;
  const labels = lower === domain ? [] : lower.slice(0, -domain.length - 1).split(".");
  const found = lookup(name, labels, type, domain, source);
  const soa: ResourceRecord = { name: domain, ttlSeconds, data: { type: "SOA", zone: domain } };
  if (found === undefined) return { code: responseCode.nameError, answers: [], authority: [soa] };
  if (found.records.length === 0) return { code: responseCode.noError, answers: [], authority: [soa] };
  return { code: responseCode.noError, answers: found.records, additional: found.additional };
}

/** undefined: there is no such name. */
function lookup(name: string, labels: string[], type: number, domain: string, source: ZoneSource): Found | undefined {
  if (labels.length === 0) return { records: [] };
  if (labels.length === 1 && labels[0] === "dns-version") return { records: [] };
  const kind = labels.at(-1);
  if (kind === "pod") return podName(name, labels.slice(0, -1), type);
  if (kind !== "svc") return undefined;
  const [namespace, service, ...rest] = labels.slice(0, -1).reverse();
  if (namespace === undefined) return { records: [] };
  if (service === undefined) return source.hasNamespace(namespace) ? { records: [] } : undefined;
  const object = source.service(namespace, service);
  if (object === undefined) return undefined;
  return serviceName(name, object, rest.reverse(), type, domain, source);
}

/** The name says the address: whether there is such a pod is not looked up, as CoreDNS doesn't by default. */
function podName(name: string, labels: string[], type: number): Found | undefined {
  const [ip, namespace, ...more] = labels;
  if (ip === undefined || namespace === undefined) return labels.length <= 1 ? { records: [] } : undefined;
  if (more.length > 0) return undefined;
  const address = parseAddress(ip.replaceAll("-", ".")) ?? parseAddress(ip.replaceAll("-", ":"));
  return address === undefined ? undefined : { records: addresses(name, [addressText(address)], type) };
}

function serviceName(
  name: string,
  service: Service,
  labels: string[],
  type: number,
  domain: string,
  source: ZoneSource,
): Found | undefined {
  const { spec, metadata } = service;
  if (spec?.type === "ExternalName") {
    if (labels.length > 0) return undefined;
    return { records: [{ name, ttlSeconds, data: { type: "CNAME", name: spec.externalName ?? "" } }] };
  }
  const base = `${metadata.name}.${metadata.namespace}.svc.${domain}`;
  const headless = !spec?.clusterIP || spec.clusterIP === "None";
  if (labels.length === 2 && labels[0].startsWith("_") && labels[1].startsWith("_")) {
    return srv(name, service, labels[0].slice(1), labels[1].slice(1), base, headless, source);
  }
  if (labels.length > 1) return undefined;
  if (!headless) {
    if (labels.length > 0) return undefined;
    const ips = spec?.clusterIPs?.length ? spec.clusterIPs : [spec?.clusterIP ?? ""];
    return { records: addresses(name, ips, type) };
  }
  const all = headlessEndpoints(service, source);
  const chosen = labels.length === 0 ? all : all.filter(({ host }) => host === labels[0]);
  if (labels.length > 0 && chosen.length === 0) return undefined;
  return { records: addresses(name, [...new Set(chosen.map(({ ip }) => ip))], type) };
}

interface HeadlessEndpoint {
  readonly ip: string;
  readonly host: string;
  readonly slice: EndpointSlice;
}

/** Ready endpoints, or all where the Service says so; a host is its name or its address with dashes. */
function headlessEndpoints(service: Service, source: ZoneSource): HeadlessEndpoint[] {
  const { namespace, name } = service.metadata;
  const found: HeadlessEndpoint[] = [];
  for (const slice of source.slices(namespace, name)) {
    for (const { addresses: ips, hostname, conditions } of slice.endpoints ?? []) {
      if (conditions?.ready === false && !service.spec?.publishNotReadyAddresses) continue;
      for (const ip of ips) found.push({ ip, host: hostname ?? ip.replaceAll(/[.:]/g, "-"), slice });
    }
  }
  return found;
}

function srv(
  name: string,
  service: Service,
  port: string,
  protocol: string,
  base: string,
  headless: boolean,
  source: ZoneSource,
): Found | undefined {
  const record = (number: number, target: string): ResourceRecord => ({
    name,
    ttlSeconds,
    data: { type: "SRV", priority: 0, weight: 100, port: number, name: target },
  });
  const matches = (one: { name?: string; protocol?: string }) =>
    one.name === port && (one.protocol ?? "TCP").toLowerCase() === protocol;
  if (!headless) {
    const found = service.spec?.ports?.find(matches);
    if (found === undefined) return undefined;
    const ips = service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? ""];
    return { records: [record(found.port, base)], additional: addresses(base, ips, recordType.ANY) };
  }
  const records: ResourceRecord[] = [];
  const additional: ResourceRecord[] = [];
  for (const { ip, host, slice } of headlessEndpoints(service, source)) {
    const found = slice.ports?.find(matches);
    if (found?.port === undefined) continue;
    records.push(record(found.port, `${host}.${base}`));
    additional.push(...addresses(`${host}.${base}`, [ip], recordType.ANY));
  }
  return records.length === 0 ? undefined : { records, additional };
}

function addresses(name: string, ips: readonly string[], type: number): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (const ip of ips) {
    const address = parseAddress(ip);
    if (address === undefined) continue;
    const kind = address.family === 4 ? "A" : "AAAA";
    if (type !== recordType[kind] && type !== recordType.ANY) continue;
    const data: RecordData = { type: kind, address: Buffer.from(address.bytes) };
    records.push({ name, ttlSeconds, data });
  }
  return records;
}

/** The address of an in-addr.arpa name. */
function reverseAddress(name: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  return match ? match.slice(1, 5).reverse().join(".") : undefined;
}

/** Only the cluster's own addresses are answered here. */
function reverseAnswer(name: string, type: number, ip: string, domain: string, source: ZoneSource): Answer | undefined {
  const services = source.servicesByIp(ip);
  if (services.length === 0) return undefined;
  if (type !== recordType.PTR && type !== recordType.ANY) return { code: responseCode.noError, answers: [] };
  const answers = services.map(({ metadata }) => {
    const data: RecordData = { type: "PTR", name: `${metadata.name}.${metadata.namespace}.svc.${domain}` };
    return { name, ttlSeconds, data };
  });
  return { code: responseCode.noError, answers };
}
