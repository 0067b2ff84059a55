/** Lays out the node's own containerd and says how it is started. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ContainerdLayout, containerdConfig, containerdLayout } from "./config.ts";

/** The sandbox image is made on the machine, so its name need not be resolvable. */
export const sandboxImage = "coracle.local/pause:1";

/** Where binaries of the CNI plugins are looked for: Debian's folder, then the plugins' own. */
export const cniFolders = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/** How to start the node's containerd. */
export interface PreparedContainerd {
  readonly layout: ContainerdLayout;
  readonly command: string;
  readonly args: readonly string[];
  /** Found in its command line and in no other containerd's. */
  readonly marker: string;
}

/**
 * The layout of a node's containerd under its data folder. Sockets and mounts are under /run/coracle, in a folder named
 * by the data folder's hash: a socket's path may have 107 bytes only, and state must not survive a reboot.
 */
export function nodeLayout(dataDir: string): ContainerdLayout {
  const folder = resolve(dataDir, "containerd");
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  return containerdLayout(folder, `/run/coracle/${hash}`);
}

/** Writes the configuration. Throws where containerd or the CNI plugins are not there. */
export function prepareContainerd(dataDir: string): PreparedContainerd {
  const layout = nodeLayout(dataDir);
  const cniBin = cniFolders.find((folder) => existsSync(join(folder, "bridge")));
  if (cniBin === undefined) throw new Error("the CNI plugins are not installed; run: coracle node setup");
  for (const folder of [layout.folder, layout.cniConf, layout.registries, join(layout.folder, "opt")]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  mkdirSync(layout.state, { recursive: true, mode: 0o711 });
  const text = containerdConfig(layout, {
    cniBin,
    restrictOomScoreAdj: !hasSysResource(readFileSync("/proc/self/status", "utf8")),
    systemdCgroup: false,
    snapshotter: "overlayfs",
    sandboxImage,
    majorVersion: containerdMajor(),
  });
  writeFileSync(layout.config, text, { mode: 0o600 });
  return { layout, command: "containerd", args: ["--config", layout.config], marker: layout.config };
}

/** Whether the effective capabilities hold CAP_SYS_RESOURCE (bit 24); the text is /proc/self/status. */
export function hasSysResource(status: string): boolean {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return ((BigInt(`0x${hex}`) >> 24n) & 1n) === 1n;
}

function containerdMajor(): number {
  let text: string;
  try {
    text = execFileSync("containerd", ["--version"], { encoding: "utf8" });
  } catch {
    throw new Error("containerd is not installed; run: coracle node setup");
  }
  return majorOf(text);
}

/** The major version in `containerd --version`'s line; 1 where it has none. */
export function majorOf(line: string): number {
  return Number(/\bv?(\d+)\.\d+\.\d+/.exec(line)?.[1] ?? 1);
}
