/** The machine's own network: addresses, forwarding, the bridge. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import { contains, parseAddress, parseCidr } from "../../lib/apimachinery/validation/ip.ts";
import { aloneOnMachine } from "./alone.ts";
import { type PodNetwork, podNetwork } from "./cni.ts";

const run = promisify(execFile);

/** The machine's IPv4 address: that of the interface with the default route, else the first that is not loopback. */
export function machineAddress(): string {
  const interfaces = networkInterfaces();
  const name = defaultInterface(readFileSync("/proc/net/route", "utf8"));
  const candidates = [...(interfaces[name ?? ""] ?? []), ...Object.values(interfaces).flatMap((list) => list ?? [])];
  const found = candidates.find(({ family, internal }) => family === "IPv4" && !internal);
  return found?.address ?? "127.0.0.1";
}

/** The interface of the default route in a /proc/net/route table. */
export function defaultInterface(table: string): string | undefined {
  const rows = table
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"));
  return rows.find(([, destination, , , , , , mask]) => destination === "00000000" && mask === "00000000")?.[0];
}

/**
 * The first of the ranges 10.244.N.0/24 that no interface of the machine is in. Asks `ip`: os.networkInterfaces() does
 * not show a bridge without ports, which is what another cluster has before its first pod.
 */
export async function freePodCidr(): Promise<string> {
  const { stdout } = await run("ip", ["-o", "-4", "address", "show"]);
  return firstFreeRange(stdout);
}

/** The same from what `ip -o -4 address show` prints. Throws where none is free. */
export function firstFreeRange(shown: string): string {
  const addresses = [...shown.matchAll(/ inet ([\d.]+)/g)].map(([, address]) => parseAddress(address));
  for (let third = 0; third < 256; third++) {
    const cidr = `10.244.${third}.0/24`;
    const network = parseCidr(cidr)?.network;
    if (network && !addresses.some((address) => address && contains(network, address))) return cidr;
  }
  throw new Error("all ranges 10.244.N.0/24 are in use on this machine; name another with --pod-cidr");
}

function setting(path: string, value: string): boolean {
  const file = `/proc/sys/${path}`;
  if (!existsSync(file)) return false;
  if (readFileSync(file, "utf8").trim() !== value) writeFileSync(file, value);
  return true;
}

/** What the kernel was told. */
export interface KernelNetwork {
  /** Traffic between a bridge's ports passes the machine's rules: pods reach Services whose pod is on their bridge. */
  readonly bridgeFiltered: boolean;
}

/** Turns forwarding on and lets NodePorts answer on 127.0.0.1. Rejects where the kernel refuses. */
export async function prepareKernel(): Promise<KernelNetwork> {
  setting("net/ipv4/ip_forward", "1");
  setting("net/ipv4/conf/all/route_localnet", "1");
  if (!existsSync("/proc/sys/net/bridge")) await run("modprobe", ["br_netfilter"]).catch(() => {});
  return { bridgeFiltered: setting("net/bridge/bridge-nf-call-iptables", "1") };
}

/** A bridge's own hardware address, from its IPv4 address. */
export function bridgeMac(gateway: string): string {
  const bytes = gateway.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"));
  return ["0a", "58", ...bytes].join(":");
}

/**
 * Makes the bridge with the gateway's address: the cluster's DNS listens there before the first pod. Its hardware
 * address is set: a bridge without one takes the lowest of its ports', so each pod that comes or goes could change it,
 * and the other pods would send to the old one until they ask again.
 */
export async function ensureBridge(network: PodNetwork): Promise<void> {
  const { bridge, gateway, prefix } = network;
  if (!existsSync(`/sys/class/net/${bridge}`)) await run("ip", ["link", "add", bridge, "type", "bridge"]);
  const { stdout } = await run("ip", ["-o", "-4", "address", "show", "dev", bridge]);
  if (!stdout.includes(` ${gateway}/${prefix} `))
    await run("ip", ["address", "add", `${gateway}/${prefix}`, "dev", bridge]);
  await run("ip", ["link", "set", "dev", bridge, "address", bridgeMac(gateway), "up"]);
}

/**
 * The network of a data folder, its bridge made: of the range, or of a free one. Two that choose at once would both
 * find the same range free, so they take turns.
 */
export async function claimPodNetwork(dataDir: string, cidr?: string): Promise<PodNetwork> {
  return await aloneOnMachine("pod-network", async () => {
    const network = podNetwork(cidr ?? (await freePodCidr()), dataDir);
    await ensureBridge(network);
    return network;
  });
}

/** Removes the bridge, where it is there. */
export async function removeBridge(bridge: string): Promise<void> {
  if (existsSync(`/sys/class/net/${bridge}`)) await run("ip", ["link", "delete", bridge]);
}
