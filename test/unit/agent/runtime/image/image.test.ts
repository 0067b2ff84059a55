import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { machinePlatform, ociArchive, ociImage } from "../../../../../agent/runtime/image/oci-image.ts";
import { pauseProgram } from "../../../../../agent/runtime/image/pause.ts";
import { tar } from "../../../../../agent/runtime/image/tar.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-image-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function unpack(archive: Buffer): void {
  writeFileSync(join(folder, "a.tar"), archive);
  execFileSync("tar", ["-xf", join(folder, "a.tar"), "-C", folder]);
}

describe("tar", () => {
  it("is read by tar", () => {
    const long = `${"d".repeat(80)}/${"e".repeat(90)}`;
    unpack(
      tar([
        { path: "bin", mode: 0o755, folder: true },
        { path: "bin/run", mode: 0o755, content: Buffer.from("x".repeat(1000)) },
        { path: "bin/link", mode: 0o777, linkTo: "run" },
        { path: long, mode: 0o600, content: Buffer.from("deep") },
      ]),
    );
    expect(readFileSync(join(folder, "bin/link"), "utf8")).toBe("x".repeat(1000));
    expect(statSync(join(folder, "bin/run")).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(folder, long), "utf8")).toBe("deep");
  });

  it("refuses a path that has no place", () => {
    expect(() => tar([{ path: "x".repeat(200), mode: 0, content: Buffer.alloc(0) }])).toThrow("too long");
  });
});

describe("an image", () => {
  it("has blobs named by their digests, and is the same each time", () => {
    const make = () =>
      ociImage([[{ path: "a", mode: 0o644, content: Buffer.from("1") }]], { Cmd: ["a"] }, machinePlatform("x64"));
    expect(make().manifest).toEqual(make().manifest);
    unpack(ociArchive(make(), "lab.local/a:1"));
    const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
    expect(index.manifests[0].annotations["io.containerd.image.name"]).toBe("lab.local/a:1");
    const read = (digest: string) => readFileSync(join(folder, "blobs/sha256", digest.slice(7)));
    const manifest = JSON.parse(read(index.manifests[0].digest).toString());
    for (const { digest, size } of [manifest.config, ...manifest.layers]) {
      expect(`sha256:${createHash("sha256").update(read(digest)).digest("hex")}`).toBe(digest);
      expect(read(digest)).toHaveLength(size);
    }
    const config = JSON.parse(read(manifest.config.digest).toString());
    expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
  });

  it("is not made for other processors", () => {
    expect(() => machinePlatform("riscv64")).toThrow("can't be nodes");
  });
});

describe("the pause program", () => {
  const runs = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);
  it.runIf(runs)("sleeps until it is ended", async () => {
    const file = join(folder, "pause");
    writeFileSync(file, pauseProgram(machinePlatform()), { mode: 0o755 });
    const child = spawn(file);
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
    await new Promise((resolve) => child.once("spawn", resolve));
    const early = await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve("alive"), 200))]);
    expect(early).toBe("alive");
    const ignored = readFileSync(`/proc/${child.pid}/status`, "utf8").match(/SigIgn:\s*(\w+)/)?.[1];
    // SIGCHLD (17) is ignored: orphans are reaped.
    expect((BigInt(`0x${ignored}`) >> 16n) & 1n).toBe(1n);
    child.kill("SIGTERM");
    expect(await ended).toBe("SIGTERM");
  });

  it.each([
    { architecture: "amd64" as const, machine: 62 },
    { architecture: "arm64" as const, machine: 183 },
  ])("for $architecture", ({ architecture, machine }) => {
    const bytes = pauseProgram({ architecture, os: "linux" });
    expect(bytes.subarray(0, 4)).toEqual(Buffer.from("\u007fELF", "latin1"));
    expect(bytes.readUInt16LE(18)).toBe(machine);
    expect(bytes.readBigUInt64LE(96)).toBe(BigInt(bytes.length));
  });
});
