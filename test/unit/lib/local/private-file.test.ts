import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ensurePrivateFile, writePrivateFile } from "../../../../lib/local/private-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const modeOf = (file: string) => statSync(file).mode & 0o777;

it("writes a file for its owner alone, in place of one that all could read", () => {
  const file = join(folder, "key");
  writeFileSync(file, "old", { mode: 0o644 });
  writePrivateFile(file, "new");
  expect([readFileSync(file, "utf8"), modeOf(file)]).toEqual(["new", 0o600]);
  expect(readdirSync(folder)).toEqual(["key"]);
});

it("makes a private file where there is none", () => {
  const file = join(folder, "store");
  ensurePrivateFile(file);
  expect([readFileSync(file, "utf8"), modeOf(file)]).toEqual(["", 0o600]);
});

it("takes a file from others and keeps its content", () => {
  const file = join(folder, "store");
  writeFileSync(file, "content");
  chmodSync(file, 0o644);
  ensurePrivateFile(file);
  expect([readFileSync(file, "utf8"), modeOf(file)]).toEqual(["content", 0o600]);
});

it("throws where the folder is missing", () => {
  expect(() => ensurePrivateFile(join(folder, "missing", "store"))).toThrow("ENOENT");
});
