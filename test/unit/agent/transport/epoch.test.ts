import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { nextEpoch } from "../../../../agent/transport/epoch.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "epoch-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("is the time, and grows even where the clock was set back", async () => {
  const file = join(folder, "data/epoch");
  expect(await nextEpoch(file, 1000)).toBe(1000);
  expect(await nextEpoch(file, 2000)).toBe(2000);
  expect(await nextEpoch(file, 500)).toBe(2001);
  expect(await nextEpoch(file, 500)).toBe(2002);
  expect(await readFile(file, "utf8")).toBe("2002\n");
});

it("begins anew where the file is broken", async () => {
  const file = join(folder, "epoch");
  for (const text of ["", "x", "1e400"]) {
    await writeFile(file, text);
    expect(await nextEpoch(file, 1000)).toBe(1000);
  }
});
