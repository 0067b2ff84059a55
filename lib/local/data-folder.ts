/** The data folder of `coracle up`: its layout, its version and its lock. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readPidFile, recordOf, writePidFile } from "./process.ts";
import { UserError } from "./user-error.ts";

/** Where things are. All files are readable by their owner alone. */
export interface DataFolder {
  readonly path: string;
  /** The SQLite store. */
  readonly store: string;
  /** Certificates and keys. */
  readonly pki: string;
  /** Kubeconfigs of the cluster's own parts. */
  readonly kubeconfigs: string;
  /** Everything of the node: containerd, the agent, pods. */
  readonly node: string;
  /** Pid files and logs of detached processes. */
  readonly run: string;
}

const layoutVersion = "1";

/** The layout of a folder, without touching it. */
export function dataFolder(path: string): DataFolder {
  const at = resolve(path);
  return {
    path: at,
    store: join(at, "store.sqlite"),
    pki: join(at, "pki"),
    kubeconfigs: join(at, "kubeconfigs"),
    node: join(at, "node"),
    run: join(at, "run"),
  };
}

/** Makes the folder where it is missing. Throws UserError where it cannot be one. */
export function openDataFolder(path: string): DataFolder {
  const folder = dataFolder(path);
  try {
    for (const part of [folder.path, folder.pki, folder.kubeconfigs, folder.node, folder.run]) {
      mkdirSync(part, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    const why = (error as Error).message;
    throw new UserError(`the data folder ${folder.path} cannot be made: ${why}`, "choose another: --data-dir DIR");
  }
  checkVersion(folder);
  return folder;
}

function checkVersion(folder: DataFolder): void {
  const file = join(folder.path, "version");
  let found: string;
  try {
    found = readFileSync(file, "utf8").trim();
  } catch {
    writeFileSync(file, `${layoutVersion}\n`, { mode: 0o600 });
    return;
  }
  if (found === layoutVersion) return;
  const text = `${folder.path} has layout ${JSON.stringify(found)}, this version reads ${layoutVersion}`;
  throw new UserError(text, "choose another folder with --data-dir DIR, or remove this one with: coracle down");
}

/**
 * Takes the folder for this process and gives the function that frees it. Throws UserError where another living
 * process has it; the lock of a process that was killed is taken over.
 */
export function lock(folder: DataFolder, marker: string): () => void {
  const file = join(folder.run, "up.pid");
  const other = readPidFile(file, marker);
  if (other && other.pid !== process.pid) {
    const text = `another "coracle up" (process ${other.pid}) uses ${folder.path}`;
    throw new UserError(text, "stop it with Ctrl-C, or choose another folder with --data-dir DIR");
  }
  const own = recordOf(process.pid);
  if (own) writePidFile(file, own);
  return () => rmSync(file, { force: true });
}

/** Whether the folder is one of ours: it has a version file. */
export function isDataFolder(path: string): boolean {
  try {
    return statSync(join(resolve(path), "version")).isFile();
  } catch {
    return false;
  }
}
