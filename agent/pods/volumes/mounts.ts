/** Mounts of the machine that the agent makes: memory for secrets and for emptyDir volumes. */
import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Mounts at or under a folder, deepest first. */
export async function mountsUnder(folder: string): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return mountPoints(table)
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
}

/** The mount points of a mountinfo table, with its octal escapes undone. */
export function mountPoints(table: string): string[] {
  return table
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point !== "")
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))));
}

/** Mounts memory at a folder where nothing is mounted yet. */
export async function ensureMemory(folder: string, mode: string, sizeBytes?: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await mountsUnder(folder)).includes(folder)) return;
  const options = [`mode=${mode}`, "nosuid", "nodev", ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`])];
  await run("mount", ["-t", "tmpfs", "-o", options.join(","), "tmpfs", folder]);
}

/** Unmounts everything at and under a folder. */
export async function unmountUnder(folder: string): Promise<void> {
  for (const point of await mountsUnder(folder)) await run("umount", ["--lazy", point]);
}
