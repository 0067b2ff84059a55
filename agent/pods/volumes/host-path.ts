/** Checks and makes what a hostPath volume names (upstream: volume/hostpath). */
import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Rejects with the text of the FailedMount event where the path is not of the type. */
export async function checkHostPath(path: string, type: string | undefined): Promise<void> {
  if (!type) return;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined && type === "DirectoryOrCreate") {
    await mkdir(path, { recursive: true, mode: 0o755 });
    return;
  }
  if (found === undefined && type === "FileOrCreate") {
    if (!(await stat(dirname(path)).catch(() => undefined))?.isDirectory()) throw failed(path, "a file");
    await writeFile(path, "", { mode: 0o644 });
    return;
  }
  const checks: Record<string, [boolean | undefined, string]> = {
    DirectoryOrCreate: [found?.isDirectory(), "a directory"],
    Directory: [found?.isDirectory(), "a directory"],
    FileOrCreate: [found?.isFile(), "a file"],
    File: [found?.isFile(), "a file"],
    Socket: [found?.isSocket(), "a socket file"],
    CharDevice: [found?.isCharacterDevice(), "a character device"],
    BlockDevice: [found?.isBlockDevice(), "a block device"],
  };
  const check = checks[type];
  if (check === undefined) throw new Error(`${type} is an invalid volume type`);
  if (!check[0]) throw failed(path, check[1]);
}

const failed = (path: string, what: string) => new Error(`hostPath type check failed: ${path} is not ${what}`);
