/** Removes what a runtime leaves of pods' cgroups. */
import { existsSync } from "node:fs";
import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

const root = "/sys/fs/cgroup";

/** The cgroup of all pods of a node; a node's bridge is named by its data folder, so this is its own too. */
export const cgroupOf = (bridge: string) => `/${bridge}`;

/** Removes a cgroup and those in it from every hierarchy; one that is in use stays. */
export async function removeCgroup(path: string): Promise<void> {
  const unified = existsSync(join(root, "cgroup.controllers"));
  const hierarchies = unified ? [root] : (await readdir(root)).map((name) => join(root, name));
  await Promise.all(hierarchies.map((hierarchy) => removeTree(join(hierarchy, path))));
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder).catch(() => {});
}
