/** The system packages that tests need, installed where they are missing (Debian and its kin, as root). */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A file or command that shows that a package is there. */
interface SystemPackage {
  readonly name: string;
  readonly shows: string;
}

const packages: readonly SystemPackage[] = [
  { name: "containerd", shows: "containerd" },
  { name: "runc", shows: "runc" },
  { name: "containernetworking-plugins", shows: "/usr/lib/cni/bridge" },
  { name: "nftables", shows: "nft" },
  { name: "iproute2", shows: "ip" },
  { name: "conntrack", shows: "conntrack" },
  { name: "curl", shows: "curl" },
  { name: "strace", shows: "strace" },
  { name: "default-jre-headless", shows: "java" },
  { name: "maven", shows: "mvn" },
  { name: "busybox", shows: "busybox" },
  { name: "docker-registry", shows: "docker-registry" },
  { name: "apache2-utils", shows: "htpasswd" },
];

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function isThere({ shows }: SystemPackage): boolean {
  return shows.startsWith("/") ? existsSync(shows) : folders.some((folder) => existsSync(`${folder}/${shows}`));
}

function run(command: string, args: string[]): void {
  console.log(`$ ${command} ${args.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status } = spawnSync(command, args, { stdio: "inherit", env });
  if (status !== 0) {
    console.error(`${command} failed; install the packages named above by hand, then run the tests again`);
    process.exit(1);
  }
}

/** Installs what is missing. Ends the process with a word on what to do where it cannot. */
export function ensureSystemPackages(): void {
  const missing = packages.filter((one) => !isThere(one)).map(({ name }) => name);
  if (missing.length === 0) return;
  console.log(`Installing what the tests need: ${missing.join(" ")}`);
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    console.error(`the tests need these packages, and only root on Debian gets them installed: ${missing.join(" ")}`);
    process.exit(1);
  }
  run("apt-get", ["update", "-q"]);
  run("apt-get", ["install", "-q", "-y", "--no-install-recommends", ...missing]);
}
