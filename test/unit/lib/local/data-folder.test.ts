import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isDataFolder, lock, openDataFolder } from "../../../../lib/local/data-folder.ts";

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "data-"));
});

afterEach(() => rmSync(parent, { recursive: true }));

test("makes a folder that only its owner can read, and opens it again", () => {
  const path = join(parent, "a", "b");
  openDataFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(isDataFolder(path)).toBe(true);
  expect(openDataFolder(path).store).toBe(join(path, "store.sqlite"));
});

test("a file in its place is an error that says what to do", () => {
  writeFileSync(join(parent, "file"), "");
  expect(() => openDataFolder(join(parent, "file"))).toThrow("cannot be made");
});

test("another version's folder is refused", () => {
  writeFileSync(join(parent, "version"), "99\n");
  expect(() => openDataFolder(parent)).toThrow(/layout "99"/);
});

test("a stale lock is taken over", () => {
  const folder = openDataFolder(parent);
  writeFileSync(join(folder.run, "up.pid"), "1 1\n");
  const free = lock(folder, "no such command line");
  expect(statSync(join(folder.run, "up.pid")).isFile()).toBe(true);
  free();
  expect(() => statSync(join(folder.run, "up.pid"))).toThrow("ENOENT");
});
