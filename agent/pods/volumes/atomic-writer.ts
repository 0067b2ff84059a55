/**
 * Writes a volume's files so that a reader sees all of the old or all of the new ones (upstream:
 * volume/util/atomic_writer.go): files live in a folder with a time in its name, `..data` points to it, and the names
 * that users see point through `..data`.
 */
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file of a volume. */
export interface VolumeFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid?: number;
}

/** Files by path relative to the volume. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;

const dataLink = "..data";

/** Whether the folder holds files that were written here. */
export async function isWritten(folder: string): Promise<boolean> {
  return (await readlink(join(folder, dataLink)).catch(() => undefined)) !== undefined;
}

/** Makes the folder hold exactly these files; nothing is written where it does already. True where it wrote. */
export async function writeAtomically(folder: string, files: VolumeFiles, group?: number): Promise<boolean> {
  for (const path of files.keys()) checkPath(path);
  const current = await readlink(join(folder, dataLink)).catch(() => undefined);
  if (current !== undefined && (await holds(join(folder, current), files))) {
    await linkNames(folder, files);
    return false;
  }
  const stamp = new Date().toISOString().slice(0, 19).replaceAll("-", "_").replace("T", "_").replaceAll(":", "_");
  const fresh = await mkdtemp(join(folder, `..${stamp}.`));
  await chmod(fresh, 0o755);
  for (const [path, file] of files) await writeFileOf(fresh, path, file, group);
  if (group !== undefined) await own(fresh, group);
  const temporary = join(folder, "..data_tmp");
  await rm(temporary, { force: true });
  await symlink(fresh.slice(folder.length + 1), temporary);
  await rename(temporary, join(folder, dataLink));
  await linkNames(folder, files);
  if (current !== undefined) await rm(join(folder, current), { recursive: true, force: true });
  return true;
}

function checkPath(path: string): void {
  if (path === "" || path.startsWith("/")) throw new Error(`invalid path: must be relative path: ${path}`);
  const parts = path.split("/");
  if (parts.includes("..")) throw new Error(`invalid path: must not contain '..': ${path}`);
  if (parts[0].startsWith("..")) throw new Error(`invalid path: must not start with '..': ${path}`);
}

async function writeFileOf(root: string, path: string, file: VolumeFile, group?: number): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await writeFile(target, file.content, { mode: 0o600 });
  if (group !== undefined || file.uid !== undefined) await chown(target, file.uid ?? 0, group ?? 0);
  // The group that a pod asked for may always read; and the process's umask must not count.
  await chmod(target, group === undefined ? file.mode : file.mode | 0o440);
}

async function own(folder: string, group: number): Promise<void> {
  await chown(folder, 0, group);
  await chmod(folder, 0o2755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await own(join(folder, entry.name), group);
  }
}

async function holds(folder: string, files: VolumeFiles): Promise<boolean> {
  const found = await filesUnder(folder, "");
  if (found.length !== files.size) return false;
  for (const path of found) {
    const wanted = files.get(path);
    if (wanted === undefined || !wanted.content.equals(await readFile(join(folder, path)))) return false;
    const { mode } = await lstat(join(folder, path));
    if ((mode & 0o777 & ~0o440) !== (wanted.mode & 0o777 & ~0o440)) return false;
  }
  return true;
}

async function filesUnder(folder: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true }).catch(() => [])) {
    const path = join(prefix, entry.name);
    if (entry.isDirectory()) found.push(...(await filesUnder(folder, path)));
    else found.push(path);
  }
  return found;
}

/** Makes the names that users see, and removes those that lead nowhere any more. */
async function linkNames(folder: string, files: VolumeFiles): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split("/")[0]));
  for (const name of await readdir(folder)) {
    if (name.startsWith("..")) continue;
    if (!wanted.delete(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
  for (const name of wanted) await symlink(join(dataLink, name), join(folder, name));
}
