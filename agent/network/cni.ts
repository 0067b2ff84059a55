/** The node's pod network: a bridge of its own, with addresses from the node's range (CNI's bridge and host-local). */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A node's pod network. */
export interface PodNetwork {
  /** `10.244.0.0/24`. */
  readonly cidr: string;
  readonly bridge: string;
  /** The bridge's own address, the pods' gateway: the first of the range. */
  readonly gateway: string;
  readonly prefix: number;
}

/** The network of a range; the bridge is named by the data folder, so that nodes on one machine don't share it. */
export function podNetwork(cidr: string, dataDir: string): PodNetwork {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  if (!match || Number(match[5]) > 29 || Number(match[5]) < 8) {
    throw new Error(`${cidr} is no range for pods: it takes an IPv4 range such as 10.244.0.0/24`);
  }
  const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 8);
  const octets = match.slice(1, 5).map(Number);
  const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const first = base + 1;
  const gateway = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
  return { cidr, bridge: `coracle-${hash.slice(0, 7)}`, gateway, prefix: Number(match[5]) };
}

/** CNI's configuration list. Ports of the machine are the proxy's work, so there is no portmap in it. */
export function cniConfig(network: PodNetwork, stateDir: string): object {
  return {
    cniVersion: "0.4.0",
    name: network.bridge,
    plugins: [
      {
        type: "bridge",
        bridge: network.bridge,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: stateDir,
          ranges: [[{ subnet: network.cidr, gateway: network.gateway }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
    ],
  };
}

const fileName = "10-coracle.conflist";

/** The range of an earlier run: pods that still run have addresses of it. undefined where there is none. */
export function configuredCidr(confDir: string): string | undefined {
  try {
    const { plugins } = JSON.parse(readFileSync(join(confDir, fileName), "utf8"));
    return plugins[0].ipam.ranges[0][0].subnet;
  } catch {
    return undefined;
  }
}

/** Writes the configuration where the runtime looks for it. */
export function writeCniConfig(network: PodNetwork, confDir: string, stateDir: string): void {
  mkdirSync(confDir, { recursive: true });
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(join(confDir, fileName), `${JSON.stringify(cniConfig(network, stateDir), null, 2)}\n`);
}
