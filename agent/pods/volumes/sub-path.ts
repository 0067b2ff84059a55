/** Resolves a container's subPath inside a volume without ever leaving it (upstream: volume/util/subpath). */
import { chmod, lstat, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";

/**
 * The path to mount: what is missing is made as folders. Rejects where a part is a link that leads out of the volume.
 */
export async function resolveSubPath(volume: string, subPath: string): Promise<string> {
  const root = await realpath(volume);
  const parts = subPath.split("/").filter((part) => part !== "" && part !== ".");
  if (subPath.startsWith("/") || parts.includes("..")) throw new Error(`invalid subPath: ${subPath}`);
  let at = root;
  for (const part of parts) {
    const next = join(at, part);
    const found = await lstat(next).catch(() => undefined);
    if (found === undefined) {
      await mkdir(next);
      // Like the volume: who may use that may use this.
      await chmod(next, (await lstat(at)).mode & 0o7777);
    }
    at = await realpath(next);
    if (at !== root && !at.startsWith(`${root}/`)) {
      throw new Error(`subPath "${subPath}" leads out of the volume: not a directory below ${volume}`);
    }
  }
  return at;
}
