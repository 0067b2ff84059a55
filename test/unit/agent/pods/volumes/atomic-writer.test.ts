import { lstat, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeAtomically } from "../../../../../agent/pods/volumes/atomic-writer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coracle-volume-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const files = (entries: Record<string, string>, mode = 0o644) =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));
const names = async () => (await readdir(folder)).filter((name) => !name.startsWith("..")).sort();

it("writes files behind links, with their modes", async () => {
  expect(await writeAtomically(folder, files({ a: "1", "sub/b": "2" }, 0o400))).toBe(true);
  expect(await names()).toEqual(["a", "sub"]);
  expect(await readFile(join(folder, "sub/b"), "utf8")).toBe("2");
  expect(await readlink(join(folder, "a"))).toBe("..data/a");
  expect((await lstat(join(folder, "..data", "a"))).mode & 0o777).toBe(0o400);
});

it("replaces all at once, and removes what is gone", async () => {
  await writeAtomically(folder, files({ a: "1", b: "2" }));
  const before = await readlink(join(folder, "..data"));
  await writeAtomically(folder, files({ a: "3", c: "4" }));
  expect(await names()).toEqual(["a", "c"]);
  expect(await readFile(join(folder, "a"), "utf8")).toBe("3");
  expect(await readdir(folder)).not.toContain(before);
});

it("writes nothing where nothing has changed", async () => {
  await writeAtomically(folder, files({ a: "1" }));
  const before = await readlink(join(folder, "..data"));
  expect(await writeAtomically(folder, files({ a: "1" }))).toBe(false);
  expect(await readlink(join(folder, "..data"))).toBe(before);
});

it.each(["../x", "/x", "a/../../x", "..x", ""])("refuses the path %j", async (path) => {
  await expect(writeAtomically(folder, files({ [path]: "" }))).rejects.toThrow("invalid path");
});
