/** What the machine says of itself (upstream: cadvisor's machine info, kubelet/nodestatus). */
import { readFileSync, statfsSync } from "node:fs";
import { arch, availableParallelism, hostname, release, totalmem } from "node:os";

/** Facts that don't change while the agent runs. */
export interface MachineInfo {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly systemUuid: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/** Reads them. What can't be read is "". */
export function machineInfo(): MachineInfo {
  const machineId = read("/etc/machine-id");
  return {
    hostname: hostname().toLowerCase(),
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    architecture: goArchitecture(arch()),
    kernelVersion: release(),
    osImage: prettyName(read("/etc/os-release")),
    machineId,
    bootId: read("/proc/sys/kernel/random/boot_id"),
    systemUuid: read("/sys/class/dmi/id/product_uuid") || machineId,
  };
}

/** A processor's name as Go has it. */
export function goArchitecture(name: string): string {
  return name === "x64" ? "amd64" : name === "ia32" ? "386" : name;
}

/** PRETTY_NAME of an os-release file. */
export function prettyName(text: string): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? "Linux";
}

/** Bytes of a folder's file system: all, and those that are free. */
export function diskOf(folder: string): { total: number; free: number } {
  const { blocks, bavail, bsize } = statfsSync(folder);
  return { total: blocks * bsize, free: bavail * bsize };
}

/** Memory that could be given to somebody, in bytes. */
export function availableMemory(): number {
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(read("/proc/meminfo"))?.[1] ?? 0) * 1024;
}
