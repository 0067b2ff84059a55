/**
 * Runs everything that must hold: formatting, lint and layers, types, and all tests. Installs the system packages that
 * tests need first (Debian, as root). Prints `N passed, N failed` as its last line and exits with 1 when any failed.
 *
 *   npm test                    everything
 *   npm test -- test/unit       the tests of a folder alone
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureSystemPackages } from "./support/system-packages.ts";

const root = join(import.meta.dirname, "..");
const only = process.argv.slice(2);
const bin = (name: string) => join(root, "node_modules/.bin", name);
let passed = 0;
let failed = 0;

function step(name: string, command: string, args: string[]): void {
  console.log(`\n# ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status === 0) passed++;
  else failed++;
}

/** Runs tests by a command that is, or hands its arguments to, Vitest. */
function tests(name: string, args: readonly string[]): void {
  console.log(`\n# ${name}`);
  const folder = mkdtempSync(join(tmpdir(), "coracle-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = spawnSync(process.execPath, [...args, ...reporters], { cwd: root, stdio: "inherit" });
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
    passed += numPassedTests;
    failed += numFailedTests;
    if (status !== 0 && numFailedTests === 0) failed++;
  } catch (error) {
    console.error(`the tests left no report: ${(error as Error).message}`);
    failed++;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

ensureSystemPackages();
if (only.length === 0) {
  step("format, lint and layers", bin("biome"), ["ci", "."]);
  step("types", bin("tsc"), ["--noEmit"]);
}
const vitest = join(root, "node_modules/vitest/vitest.mjs");
// These need a deployment in an emulator, which their own runner makes.
const cloud = only.filter((path) => path.startsWith("test/localstack"));
const others = only.filter((path) => !cloud.includes(path));
if (only.length === 0 || others.length > 0) {
  tests("tests", [vitest, "run", "--project", "parts", "--project", "simulations", "--project", "e2e", ...others]);
}
if (only.length === 0 || cloud.length > 0) tests("tests in the cloud", ["test/localstack/run.ts", ...cloud]);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
