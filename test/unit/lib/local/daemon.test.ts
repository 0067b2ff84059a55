import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../../lib/apimachinery/clock.ts";
import { Daemon, type DaemonOptions } from "../../../../lib/local/daemon.ts";
import { commandLine, isAlive, readPidFile, recordOf, writePidFile } from "../../../../lib/local/process.ts";

let folder: string;
const daemons: Daemon[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daemon-"));
});

afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.stop();
  rmSync(folder, { recursive: true });
});

/** Sleeps for a minute; its command line holds the folder. */
const script = "setTimeout(() => {}, 60_000)";

function make(options: Partial<DaemonOptions> = {}): Daemon {
  const args = ["-e", script, folder];
  const daemon = new Daemon({
    name: "sleeper",
    folder,
    command: process.execPath,
    args,
    marker: folder,
    leftover: "adopt",
    graceMs: 2_000,
    clock: systemClock,
    log: () => {},
    ...options,
  });
  daemons.push(daemon);
  return daemon;
}

const pidFile = () => join(folder, "sleeper.pid");
const pid = () => readPidFile(pidFile(), folder)?.pid;

test("starts a process and ends it", async () => {
  const daemon = make();
  await daemon.start();
  const record = recordOf(pid() ?? 0);
  expect(daemon.running).toBe(true);
  await daemon.stop();
  expect(record && isAlive(record)).toBe(false);
  expect(() => readFileSync(pidFile())).toThrow("ENOENT");
});

test("starts it again when it was killed", async () => {
  const lines: string[] = [];
  const daemon = make({ log: (line) => lines.push(line) });
  await daemon.start();
  const first = pid();
  process.kill(first ?? 0, "SIGKILL");
  await vi.waitFor(() => expect(pid()).not.toBe(first), 5_000);
  await vi.waitFor(() => expect(daemon.running).toBe(true), 5_000);
  expect(lines[0]).toContain("sleeper has ended");
});

test.each([
  ["adopt", true],
  ["replace", false],
] as const)("leftover: %s", async (leftover, same) => {
  await make().start();
  const first = pid();
  const second = make({ leftover });
  await second.start();
  expect(pid() === first).toBe(same);
});

test("a program that is not there is an error", async () => {
  await expect(make({ command: join(folder, "nothing") }).start()).rejects.toThrow("ENOENT");
});

test("a pid file of another program counts as none", () => {
  const own = recordOf(process.pid);
  if (own) writePidFile(pidFile(), own);
  expect(commandLine(process.pid)).toBeDefined();
  expect(readPidFile(pidFile(), folder)).toBeUndefined();
  writeFileSync(pidFile(), "torn");
  expect(readPidFile(pidFile(), "")).toBeUndefined();
});

test("a program that has nothing else to do waits for the end too", () => {
  const here = join(import.meta.dirname, "../../../..");
  const program = `
    const { Daemon } = await import(${JSON.stringify(join(here, "lib/local/daemon.ts"))});
    const { systemClock } = await import(${JSON.stringify(join(here, "lib/apimachinery/clock.ts"))});
    for (let n = 0; n < 20; n++) {
      const daemon = new Daemon({
        name: "short", folder: ${JSON.stringify(folder)}, command: "sleep", args: ["60"], marker: "sleep",
        leftover: "replace", graceMs: 2_000, clock: systemClock, log: () => {},
      });
      await daemon.start();
      await daemon.stop();
    }
    console.log("done");`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect({ stdout, status }).toEqual({ stdout: "done\n", status: 0 });
});
