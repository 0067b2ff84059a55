/**
 * Cluster IPs: an address is taken while an IPAddress of its name exists, so that two creates of it can't both succeed
 * (upstream: pkg/registry/core/service/ipallocator, KEP-1880). Addresses that nobody asked for come from the upper part
 * of a range first, so that the lower part stays free for those that are asked for (KEP-3070).
 */
import { isAlreadyExists, isNotFound } from "../../../apimachinery/errors.ts";
import { addressText, contains, parseAddress, parseCidr } from "../../../apimachinery/validation/ip.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import type { ServiceCIDR } from "../../../openapi/types/networking-v1.ts";
import { ipaddresses, servicecidrs } from "../../../openapi/types/resources.ts";
import type { StrategyContext } from "../../strategy.ts";
import { type Family, familyOf } from "./needs.ts";
import { reclaim } from "./stale-allocation.ts";

/** Why an address or a port can't be had; the message is upstream's. */
export class AllocationError extends Error {}

const allocated = "provided IP is already allocated";
/** How many addresses in a row are tried before all that are taken are read. */
const blindTries = 16;

/** Addresses as numbers: from `first`, dynamically from `dynamic` on, to `last`. */
interface Range {
  readonly text: string;
  readonly family: Family;
  readonly first: bigint;
  readonly dynamic: bigint;
  readonly last: bigint;
}

const numberOf = (bytes: readonly number[]) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function textOf(value: bigint, family: Family): string {
  const length = family === "IPv4" ? 4 : 16;
  const bytes = Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 255n));
  return addressText({ family: family === "IPv4" ? 4 : 6, bytes });
}

const clamp = (value: bigint, low: bigint, high: bigint) => (value < low ? low : value > high ? high : value);

/** The addresses of a range that can be given to Services; undefined: the text is no range. */
function rangeOf(cidr: string): Range | undefined {
  const network = parseCidr(cidr)?.network;
  if (!network) return undefined;
  const family = familyOf(cidr);
  const size = 1n << BigInt(network.address.bytes.length * 8 - network.bits);
  const base = numberOf(network.address.bytes);
  const offset = size <= 16n ? 0n : clamp(size / 16n, 16n, 256n);
  // The network's own address is never given, nor is IPv4's broadcast address.
  const last = base + size - (family === "IPv4" ? 2n : 1n);
  return { text: cidr, family, first: base + 1n, dynamic: base + 1n + offset, last };
}

/** The ranges that are ServiceCIDRs besides those of the configuration. */
async function moreRanges(context: StrategyContext): Promise<string[]> {
  const known = new Set(context.config.serviceCIDRs);
  const found = (await context.objects.list(servicecidrs)) as unknown as ServiceCIDR[];
  return found
    .filter((object) => !object.metadata.deletionTimestamp)
    .flatMap((object) => object.spec?.cidrs ?? [])
    .filter((cidr) => !known.has(cidr));
}

/** Takes an address for a Service. False: somebody has it. */
async function take(ip: string, service: Service, context: StrategyContext): Promise<boolean> {
  try {
    await context.objects.create(ipaddresses, {
      apiVersion: "networking.k8s.io/v1",
      kind: "IPAddress",
      metadata: {
        name: ip,
        labels: {
          "ipaddress.kubernetes.io/ip-family": familyOf(ip),
          "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
        },
      },
      spec: {
        parentRef: { resource: "services", namespace: service.metadata.namespace, name: service.metadata.name },
      },
    });
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
}

/** Takes the address that a Service asks for. Throws AllocationError. */
export async function takeClusterIP(ip: string, service: Service, context: StrategyContext): Promise<string> {
  const address = parseAddress(ip);
  if (!address) throw new AllocationError(`failed to parse service IP ${JSON.stringify(ip)}`);
  const name = addressText(address);
  const inside = (cidr: string) => {
    const network = parseCidr(cidr)?.network;
    return network !== undefined && contains(network, address);
  };
  const cidr = context.config.serviceCIDRs.find(inside) ?? (await moreRanges(context)).find(inside);
  const range = cidr === undefined ? undefined : rangeOf(cidr);
  if (!range) throw new AllocationError("the provided network does not match the current range");
  const value = numberOf(address.bytes);
  if (value < range.first || value > range.last) {
    const text = `the provided IP (${name}) is not in the valid range. The range of valid IPs is ${range.text}`;
    throw new AllocationError(text);
  }
  if (context.dryRun) return ip;
  if (await take(name, service, context)) return ip;
  const holder = await context.objects.get(ipaddresses, "", name);
  const free = !holder || (await reclaim(ipaddresses, holder, holds(name), context));
  if (free && (await take(name, service, context))) return ip;
  throw new AllocationError(allocated);
}

const holds = (ip: string) => (service: Service) =>
  (service.spec?.clusterIPs ?? []).some((text) => {
    const address = parseAddress(text);
    return address !== undefined && addressText(address) === ip;
  });

/** Frees what nobody has any more. Whether there was something. */
async function sweep(context: StrategyContext): Promise<boolean> {
  let found = false;
  for (const object of await context.objects.list(ipaddresses)) {
    if (await reclaim(ipaddresses, object, holds(object.metadata.name ?? ""), context)) found = true;
  }
  return found;
}

/** Takes any free address of a family. Throws AllocationError when there is none. */
export async function takeAnyClusterIP(family: Family, service: Service, context: StrategyContext): Promise<string> {
  const configured = context.config.serviceCIDRs.filter((cidr) => familyOf(cidr) === family);
  if (context.dryRun)
    return addressText(parseCidr(configured[0])?.network.address ?? { family: 4, bytes: [0, 0, 0, 0] });
  const more = async () => (await moreRanges(context)).filter((cidr) => familyOf(cidr) === family);
  const ip = (await takeFromAny(configured, service, context)) ?? (await takeFromAny(await more(), service, context));
  if (ip !== undefined) return ip;
  const again = (await sweep(context))
    ? await takeFromAny([...configured, ...(await more())], service, context)
    : undefined;
  if (again === undefined) throw new AllocationError("range is full");
  return again;
}

async function takeFromAny(
  cidrs: readonly string[],
  service: Service,
  context: StrategyContext,
): Promise<string | undefined> {
  for (const cidr of cidrs) {
    const ip = await takeFrom(cidr, service, context);
    if (ip !== undefined) return ip;
  }
  return undefined;
}

async function takeFrom(cidr: string, service: Service, context: StrategyContext): Promise<string | undefined> {
  const range = rangeOf(cidr);
  if (!range || range.first > range.last) return undefined;
  const upper = { from: range.dynamic, to: range.last };
  const lower = { from: range.first, to: range.dynamic - 1n };
  let tries = 0;
  let taken: Set<string> | undefined;
  for (const { from, to } of [upper, lower]) {
    if (from > to) continue;
    const size = to - from + 1n;
    const start = BigInt(Math.floor(context.random.number() * Number(clamp(size, 0n, 1n << 48n))));
    for (let step = 0n; step < size; step++) {
      const ip = textOf(from + ((start + step) % size), range.family);
      if (taken?.has(ip)) continue;
      if (await take(ip, service, context)) return ip;
      if (++tries < blindTries || taken) continue;
      taken = new Set((await context.objects.list(ipaddresses)).map((object) => object.metadata.name ?? ""));
    }
  }
  return undefined;
}

/** Gives an address back. */
export async function releaseClusterIP(ip: string, context: StrategyContext): Promise<void> {
  const address = parseAddress(ip);
  if (!address) return;
  try {
    await context.objects.delete(ipaddresses, "", addressText(address));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
