import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leanCommand } from "../../../bin/lean-process.ts";

const compiled = join(import.meta.dirname, "../../../node_modules/.cache/coracle");
const given = { execPath: "/node", execArgv: ["--cpu-prof"], argv: ["/node", "/coracle.ts", "up"], env: { HOME: "/" } };

test("the same program with its own flags, after ours", () => {
  expect(leanCommand(given)).toEqual({
    args: [
      "/node",
      "--max-semi-space-size=2",
      "--initial-old-space-size=32",
      "--heap-growing-percent=30",
      "--cpu-prof",
      "/coracle.ts",
      "up",
    ],
    env: { HOME: "/", MALLOC_ARENA_MAX: "2", NODE_COMPILE_CACHE: compiled },
  });
});

test.each([
  { name: "on the command line", change: { execArgv: ["--max-semi-space-size=16"] } },
  { name: "in NODE_OPTIONS", change: { env: { NODE_OPTIONS: "--no-warnings --max-semi-space-size=16" } } },
])("a flag that is set already is left: $name", ({ change }) => {
  expect(leanCommand({ ...given, ...change })).toBeUndefined();
});

test("what the user has set for the C library and for compiled modules stays", () => {
  const env = { MALLOC_ARENA_MAX: "8", NODE_COMPILE_CACHE: "/mine" };
  expect(leanCommand({ ...given, env })?.env).toEqual(env);
});

test("modules that were loaded are kept for the next start, without their types", () => {
  const folder = mkdtempSync(join(tmpdir(), "coracle-compiled-"));
  try {
    const program = join(folder, "program.ts");
    const lean = JSON.stringify(join(import.meta.dirname, "../../../bin/lean-process.ts"));
    writeFileSync(program, `const seen: string = "x"; (await import(${lean})).settle(); process.kill(process.pid, 9);`);
    const cache = join(folder, "cache");
    spawnSync(process.execPath, [program], { env: { ...process.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: cache } });
    const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThanOrEqual(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the process is replaced once, silently, and keeps its pid", () => {
  const file = JSON.stringify(join(import.meta.dirname, "../../../bin/lean-process.ts"));
  const program = `const { becomeLean } = await import(${file});
    const first = process.env.FIRST ?? (process.env.FIRST = String(process.pid));
    becomeLean();
    console.log(first === String(process.pid), process.execArgv.filter((flag) => flag.startsWith("--max")).join());`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(said.toString().trim()).toBe("true --max-semi-space-size=2");
});
