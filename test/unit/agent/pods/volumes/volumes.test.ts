import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkHostPath } from "../../../../../agent/pods/volumes/host-path.ts";
import { mountPoints } from "../../../../../agent/pods/volumes/mounts.ts";
import { resolveSubPath } from "../../../../../agent/pods/volumes/sub-path.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coracle-paths-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("hostPath", () => {
  it.each([
    { type: "", make: "nothing", want: undefined },
    { type: "Directory", make: "folder", want: undefined },
    { type: "Directory", make: "file", want: /^hostPath type check failed: .* is not a directory$/ },
    { type: "Directory", make: "nothing", want: /is not a directory$/ },
    { type: "DirectoryOrCreate", make: "nothing", want: undefined },
    { type: "DirectoryOrCreate", make: "file", want: /is not a directory$/ },
    { type: "File", make: "file", want: undefined },
    { type: "File", make: "folder", want: /is not a file$/ },
    { type: "FileOrCreate", make: "nothing", want: undefined },
    { type: "Socket", make: "file", want: /is not a socket file$/ },
    { type: "CharDevice", make: "file", want: /is not a character device$/ },
    { type: "BlockDevice", make: "file", want: /is not a block device$/ },
  ])("$type where there is $make", async ({ type, make, want }) => {
    const path = join(folder, "x");
    if (make === "folder") await mkdir(path);
    if (make === "file") await writeFile(path, "");
    const done = checkHostPath(path, type);
    if (want) await expect(done).rejects.toThrow(want);
    else await expect(done).resolves.toBeUndefined();
    if (type.endsWith("OrCreate") && !want) expect((await stat(path)).isDirectory()).toBe(type === "DirectoryOrCreate");
  });
});

describe("subPath", () => {
  it("makes what is missing", async () => {
    expect(await resolveSubPath(folder, "a/b")).toBe(join(folder, "a/b"));
    expect((await stat(join(folder, "a/b"))).isDirectory()).toBe(true);
  });

  it("follows links inside the volume, never out of it", async () => {
    await mkdir(join(folder, "volume/real"), { recursive: true });
    await symlink("real", join(folder, "volume/in"));
    await symlink("/etc", join(folder, "volume/out"));
    await symlink("../outside", join(folder, "volume/up"));
    await mkdir(join(folder, "outside"));
    expect(await resolveSubPath(join(folder, "volume"), "in")).toBe(join(folder, "volume/real"));
    await expect(resolveSubPath(join(folder, "volume"), "out/passwd")).rejects.toThrow("leads out of the volume");
    await expect(resolveSubPath(join(folder, "volume"), "up")).rejects.toThrow("leads out of the volume");
  });

  it.each(["../x", "/etc", "a/../../x"])("refuses %s", async (path) => {
    await expect(resolveSubPath(folder, path)).rejects.toThrow("invalid subPath");
  });
});

it("reads a table of mounts", () => {
  const table = "36 35 98:0 / /mnt/a\\040b rw - ext4 /dev/sda rw\n37 35 0:1 / /proc rw - proc proc rw\n";
  expect(mountPoints(table)).toEqual(["/mnt/a b", "/proc"]);
});
