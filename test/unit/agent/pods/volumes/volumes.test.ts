import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PodFolders } from "../../../../../agent/pods/folders.ts";
import type { References } from "../../../../../agent/pods/references.ts";
import { checkHostPath } from "../../../../../agent/pods/volumes/host-path.ts";
import { mountPoints } from "../../../../../agent/pods/volumes/mounts.ts";
import { resolveSubPath } from "../../../../../agent/pods/volumes/sub-path.ts";
import type { Tokens } from "../../../../../agent/pods/volumes/tokens.ts";
import { VolumeError, Volumes } from "../../../../../agent/pods/volumes/volumes.ts";
import type { ConfigMap } from "../../../../../lib/openapi/types/core-v1.ts";
import { pod } from "../../objects.ts";

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

describe("a volume whose source can't be read", () => {
  const web = pod({ volumes: [{ name: "settings", configMap: { name: "settings" } }] });
  const place = { podIps: ["10.0.0.1"], hostIps: ["192.0.2.1"], nodeName: "n" };
  let source: () => Promise<ConfigMap | undefined>;
  let stale: string[];

  const open = () =>
    new Volumes({
      folders: new PodFolders(folder),
      references: { configMap: () => source(), release() {} } as unknown as References,
      tokens: { release() {} } as unknown as Tokens,
      allocatable: () => ({}),
      onStale: ({ metadata }, error) => stale.push(`${metadata.name}: ${error.message}`),
    });
  const holding = (text: string) => async () => ({ data: { key: text } }) as unknown as ConfigMap;
  const away = async () => {
    throw new Error("no answer");
  };
  const text = async (volumes: Volumes) => {
    const path = (await volumes.mount(web, place)).get("settings")?.path ?? "";
    return readFile(join(path, "key"), "utf8");
  };

  beforeEach(() => {
    stale = [];
  });

  it("keeps what it holds, so that containers can be started again while the control plane is away", async () => {
    const volumes = open();
    source = holding("one");
    expect(await text(volumes)).toBe("one");
    for (const failure of [away, async () => undefined]) {
      source = failure;
      expect(await text(volumes)).toBe("one");
    }
    expect(stale).toEqual([expect.stringMatching(/^web: MountVolume.* no answer/), expect.stringMatching(/not found/)]);
    // Another agent finds it on the disk.
    source = away;
    expect(await text(open())).toBe("one");
    source = holding("two");
    expect(await text(volumes)).toBe("two");
    expect(stale).toHaveLength(3);
  });

  it("and that holds nothing yet is an error", async () => {
    source = away;
    await expect(open().mount(web, place)).rejects.toThrow(VolumeError);
    expect(stale).toEqual([]);
  });
});
