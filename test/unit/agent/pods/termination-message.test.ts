import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { PodFolders } from "../../../../agent/pods/folders.ts";
import { terminationMessage } from "../../../../agent/pods/termination-message.ts";
import { exited } from "../objects.ts";

let folder: string;
let folders: PodFolders;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coracle-words-"));
  folders = new PodFolders(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function left(words: string, log: string[] = []): Promise<string> {
  const path = folders.terminationMessage("u1", "main", 0);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, words);
  const logPath = join(folder, "0.log");
  await writeFile(logPath, log.map((line) => `2026-01-01T00:00:00.000000000Z stdout F ${line}\n`).join(""));
  return logPath;
}

it("gives what was written, up to 4096 bytes", async () => {
  await left("x".repeat(5000));
  expect(await terminationMessage("u1", exited("main", 1), folders)).toBe("x".repeat(4096));
});

it("gives the end of the log where the pod wants that", async () => {
  const logPath = await left("", ["one", "two"]);
  const fallback = { logPath, terminationMessagePolicy: "FallbackToLogsOnError" };
  expect(await terminationMessage("u1", exited("main", 1, fallback), folders)).toBe("one\ntwo\n");
  expect(await terminationMessage("u1", exited("main", 0, fallback), folders)).toBe("");
  expect(await terminationMessage("u1", exited("main", 1, { logPath }), folders)).toBe("");
});

it("gives nothing where there is nothing", async () => {
  expect(await terminationMessage("u1", exited("main", 1), folders)).toBe("");
});
