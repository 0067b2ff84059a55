import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leanCommand } from "../../../bin/lean-process.ts";

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
    env: { HOME: "/", MALLOC_ARENA_MAX: "2" },
  });
});

test.each([
  { name: "on the command line", change: { execArgv: ["--max-semi-space-size=16"] } },
  { name: "in NODE_OPTIONS", change: { env: { NODE_OPTIONS: "--no-warnings --max-semi-space-size=16" } } },
])("a flag that is set already is left: $name", ({ change }) => {
  expect(leanCommand({ ...given, ...change })).toBeUndefined();
});

test("what the user has set for the C library stays", () => {
  expect(leanCommand({ ...given, env: { MALLOC_ARENA_MAX: "8" } })?.env).toEqual({ MALLOC_ARENA_MAX: "8" });
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
