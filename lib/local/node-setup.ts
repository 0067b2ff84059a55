/** What a machine needs to be a node, what of it is missing, and how it is installed (Debian and Fedora kin). */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A piece that a node needs. */
export interface Requirement {
  /** What it is for, in a few words. */
  readonly purpose: string;
  /** Commands, or files by their whole path: one of them shows that it is there. */
  readonly shows: readonly string[];
  readonly apt: string;
  readonly dnf: string;
  /** A node runs without it too, with less. */
  readonly optional?: boolean;
}

/** Everything that a node needs. */
export const requirements: readonly Requirement[] = [
  { purpose: "runs containers", shows: ["containerd"], apt: "containerd", dnf: "containerd" },
  { purpose: "starts their processes", shows: ["runc"], apt: "runc", dnf: "runc" },
  {
    purpose: "connects pods",
    shows: ["/usr/lib/cni/bridge", "/opt/cni/bin/bridge", "/usr/libexec/cni/bridge"],
    apt: "containernetworking-plugins",
    dnf: "containernetworking-plugins",
  },
  { purpose: "makes Services work", shows: ["nft"], apt: "nftables", dnf: "nftables" },
  { purpose: "sets up the pods' network", shows: ["ip"], apt: "iproute2", dnf: "iproute" },
  { purpose: "mounts volumes", shows: ["mount"], apt: "mount", dnf: "util-linux" },
  {
    purpose: "forgets UDP connections to pods that are gone",
    shows: ["conntrack"],
    apt: "conntrack",
    dnf: "conntrack-tools",
    optional: true,
  },
  { purpose: "loads kernel modules", shows: ["modprobe"], apt: "kmod", dnf: "kmod", optional: true },
];

/** What was found out about a machine. */
export interface NodeCheck {
  readonly present: readonly Requirement[];
  readonly missing: readonly Requirement[];
  /** Why no node can run here even when all is installed; each a sentence. */
  readonly obstacles: readonly string[];
}

/** The machine, as far as it is asked; a test gives another one. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly uid: number;
  exists(path: string): boolean;
  read(path: string): string;
}

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** The machine that this process runs on. */
export const thisMachine: Machine = {
  platform: process.platform,
  arch: process.arch,
  uid: process.getuid?.() ?? -1,
  exists: existsSync,
  read: (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "";
    }
  },
};

const shown = (machine: Machine, name: string) =>
  name.startsWith("/") ? machine.exists(name) : folders.some((folder) => machine.exists(join(folder, name)));

/** Looks at the machine; changes nothing. */
export function checkNode(machine: Machine = thisMachine): NodeCheck {
  const present = requirements.filter(({ shows }) => shows.some((name) => shown(machine, name)));
  return {
    present,
    missing: requirements.filter((requirement) => !present.includes(requirement)),
    obstacles: obstacles(machine),
  };
}

function obstacles(machine: Machine): string[] {
  const found: string[] = [];
  if (machine.platform !== "linux") return [`Containers need Linux; this is ${machine.platform}.`];
  if (machine.arch !== "x64" && machine.arch !== "arm64") {
    found.push(`Nodes run on amd64 and arm64 processors; this one is ${machine.arch}.`);
  }
  if (machine.uid !== 0) found.push("A node needs root: it makes network devices, mounts and control groups.");
  if (!machine.exists("/sys/fs/cgroup/cgroup.controllers") && !machine.exists("/sys/fs/cgroup/memory")) {
    found.push("There are no control groups under /sys/fs/cgroup; in a container, run it privileged.");
  }
  if (!machine.read("/proc/filesystems").includes("overlay")) {
    found.push("The kernel has no overlay file system; load it with: modprobe overlay");
  }
  return found;
}

/** Why no node can run on this machine right now: one sentence that says what to do; undefined where one can. */
export function whyNoNode(check: NodeCheck = checkNode()): string | undefined {
  if (check.obstacles.length > 0) return check.obstacles.join(" ");
  const needed = check.missing.filter(({ optional }) => !optional);
  if (needed.length === 0) return undefined;
  const names = needed.map(({ apt }) => apt).join(", ");
  return `${names} ${needed.length === 1 ? "is" : "are"} not installed; to install: coracle node setup`;
}

/** A way to install packages. */
export interface PackageManager {
  readonly name: "apt-get" | "dnf";
  /** The commands to run, in order. */
  commands(missing: readonly Requirement[]): string[][];
}

/** The machine's own; undefined where it has none that is known. */
export function packageManager(machine: Machine = thisMachine): PackageManager | undefined {
  if (shown(machine, "apt-get")) {
    return {
      name: "apt-get",
      commands: (missing) => [
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", ...missing.map(({ apt }) => apt)],
      ],
    };
  }
  if (shown(machine, "dnf")) {
    return { name: "dnf", commands: (missing) => [["dnf", "install", "-y", ...missing.map(({ dnf }) => dnf)]] };
  }
  return undefined;
}

/** Where set-up writes and how it runs commands. A command's result is its exit code. */
export interface SetupOptions {
  readonly machine?: Machine;
  readonly say: (line: string) => void;
  readonly run?: (command: readonly string[]) => number;
}

/**
 * Installs what is missing and says what it does. True where a node can run afterwards; else it has said why not and
 * what to do.
 */
export function setupNode({ machine = thisMachine, say, run = runCommand }: SetupOptions): boolean {
  const before = checkNode(machine);
  for (const { apt, purpose } of before.present) say(`present  ${apt.padEnd(28)} ${purpose}`);
  for (const { apt, purpose } of before.missing) say(`missing  ${apt.padEnd(28)} ${purpose}`);
  if (before.obstacles.length > 0) {
    for (const obstacle of before.obstacles) say(obstacle);
    return false;
  }
  if (before.missing.length === 0) {
    say("Nothing to install: a node can run here.");
    return true;
  }
  const manager = packageManager(machine);
  if (manager === undefined) {
    say(`Neither apt-get nor dnf is here; install by hand: ${before.missing.map(({ apt }) => apt).join(" ")}`);
    return false;
  }
  for (const command of manager.commands(before.missing)) {
    say(`$ ${command.join(" ")}`);
    const code = run(command);
    if (code === 0) continue;
    say(`${command[0]} ended with ${code}; mend what it says above, then run again: coracle node setup`);
    return false;
  }
  const why = whyNoNode(checkNode(machine));
  say(why ?? "A node can run here.");
  return why === undefined;
}

function runCommand([command, ...args]: readonly string[]): number {
  // Debian's containerd starts a service of its own; a node here has its own containerd and never touches that one.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { stdio: "inherit", env }).status ?? 1;
}
