import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, it } from "vitest";
import { nodeLayout } from "../../../../../agent/runtime/containerd/prepare.ts";

const folder = mkdtempSync(join(tmpdir(), "become-"));
const dataDir = join(folder, "data");
const main = join(import.meta.dirname, "../../../../../agent/main.ts");
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(join(nodeLayout(dataDir).state, ".."), { recursive: true, force: true });
});

/** Runs `agent containerd` with a path; gives the process's id, exit code, and what it said. */
async function become(path: string) {
  const child = spawn(process.execPath, [main, "containerd", dataDir], { env: { PATH: path } });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { pid: child.pid, code: child.exitCode, stdout, stderr };
}

it("the process becomes containerd, with a configuration and under its own id", async () => {
  const stand = '#!/bin/sh\n[ "$1" = --version ] && { echo "containerd v2.1.5"; exit; }\necho "$$ $*"\nexit 3\n';
  writeFileSync(join(folder, "containerd"), stand, { mode: 0o755 });
  const { pid, code, stdout } = await become(`${folder}:/usr/bin:/bin`);
  expect(stdout).toBe(`${pid} --config ${nodeLayout(dataDir).config}\n`);
  expect(code).toBe(3);
});

it("says so where there is no containerd", async () => {
  const { code, stderr } = await become(join(folder, "absent"));
  expect(code).toBe(1);
  expect(stderr).toContain("containerd is not installed");
});
