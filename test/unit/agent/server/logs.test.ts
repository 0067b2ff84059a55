import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseLogLine } from "../../../../agent/server/log-line.ts";
import { type LogOptions, readLog } from "../../../../agent/server/log-reader.ts";
import { logOptions } from "../../../../agent/server/log-request.ts";
import { LogRotation } from "../../../../agent/server/log-rotation.ts";
import { systemClock } from "../../../../lib/apimachinery/clock.ts";
import { FakeRuntime } from "../fake-runtime.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coracle-logs-"));
  path = join(folder, "0.log");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = (second: number, text: string, stream = "stdout", tag = "F") =>
  `2026-01-01T00:00:0${second}.000000001Z ${stream} ${tag} ${text}\n`;
const never = new AbortController().signal;

async function read(options: LogOptions, running = async () => false): Promise<string> {
  let text = "";
  for await (const chunk of readLog(path, options, running, never)) text += chunk;
  return text;
}

describe("a log", () => {
  beforeEach(() =>
    writeFile(
      path,
      line(1, "one") + line(2, "par", "stdout", "P") + line(2, "tial") + line(3, "err", "stderr") + line(4, ""),
    ),
  );

  it.each([
    { name: "all", options: {}, want: "one\npartial\nerr\n\n" },
    { name: "the last two", options: { tailLines: 2 }, want: "err\n\n" },
    { name: "the last none", options: { tailLines: 0 }, want: "" },
    { name: "more than there are", options: { tailLines: 99 }, want: "one\npartial\nerr\n\n" },
    { name: "since", options: { since: Date.parse("2026-01-01T00:00:03Z") }, want: "err\n\n" },
    { name: "some bytes", options: { limitBytes: 5 }, want: "one\np" },
    { name: "one stream", options: { stream: "stderr" as const }, want: "err\n" },
    {
      name: "times",
      options: { timestamps: true, tailLines: 2 },
      want: "2026-01-01T00:00:03.000000001Z err\n2026-01-01T00:00:04.000000001Z \n",
    },
  ])("$name", async ({ options, want }) => {
    expect(await read(options)).toBe(want);
  });

  it("reads long lines and long files", async () => {
    await writeFile(path, Array.from({ length: 3000 }, (_, index) => line(1, `${index} ${"x".repeat(100)}`)).join(""));
    expect((await read({})).split("\n")).toHaveLength(3001);
    expect(await read({ tailLines: 1000 })).toMatch(/^2000 x/);
  });

  it("is followed until its container has ended, into a new file too", async () => {
    let running = true;
    const done = read({ follow: true, tailLines: 1 }, async () => running);
    await appendFile(path, line(5, "later"));
    await systemClock.sleep(30);
    await rename(path, `${path}.old`);
    await writeFile(path, line(6, "rotated"));
    await systemClock.sleep(30);
    await appendFile(path, line(7, "last"));
    running = false;
    expect(await done).toBe("\nlater\nrotated\nlast\n");
  });

  it("is not followed for who has gone", async () => {
    const gone = new AbortController();
    const chunks = readLog(path, { follow: true }, async () => true, gone.signal);
    const seen: string[] = [];
    const done = (async () => {
      for await (const chunk of chunks) seen.push(String(chunk));
    })();
    await systemClock.sleep(20);
    gone.abort();
    await done;
    expect(seen).toHaveLength(1);
  });

  it("that is not there is told", async () => {
    await rm(path);
    await expect(read({})).rejects.toMatchObject({ code: "ENOENT" });
  });
});

it.each([
  ["nonsense", undefined],
  ["2026 stdall F x", undefined],
  ["2026 stdout F two words ", { time: "2026", stream: "stdout", partial: false, content: "two words " }],
  ["2026 stderr P:x y", { time: "2026", stream: "stderr", partial: true, content: "y" }],
  ["2026 stdout F", { time: "2026", stream: "stdout", partial: false, content: "" }],
])("the line %j", (text, want) => {
  const parsed = parseLogLine(Buffer.from(text));
  expect(parsed && { ...parsed, content: String(parsed.content) }).toEqual(want);
});

it("reads what a query asks for", () => {
  const query = new URLSearchParams(
    "follow=true&previous=1&tailLines=5&sinceSeconds=10&limitBytes=7&timestamps=true&stream=Stderr",
  );
  expect(logOptions(query, 100_000)).toEqual({
    follow: true,
    previous: true,
    tailLines: 5,
    since: 90_000,
    limitBytes: 7,
    timestamps: true,
    stream: "stderr",
  });
  expect(() => logOptions(new URLSearchParams("tailLines=x"), 0)).toThrow("tailLines takes a whole number");
  expect(() => logOptions(new URLSearchParams("sinceTime=x"), 0)).toThrow("sinceTime is no time");
});

it("rotates a log that is too long, and keeps no more than five files", async () => {
  const runtime = new FakeRuntime();
  const config = { metadata: { name: "main", attempt: 0 }, labels: {}, logPath: path };
  await runtime.startContainer(await runtime.createContainer("box", config as never));
  for (const index of [1, 2, 3, 4, 5]) await writeFile(`${path}.20250101-00000${index}`, "");
  await writeFile(path, Buffer.alloc(10 * 1024 * 1024));
  await new LogRotation(
    runtime,
    { ...systemClock, now: () => Date.parse("2026-01-01T00:00:00Z") },
    () => {},
  ).rotateAll();
  const { readdir } = await import("node:fs/promises");
  expect((await readdir(folder)).sort()).toEqual(
    [3, 4, 5].map((index) => `0.log.20250101-00000${index}`).concat("0.log.20260101-000000"),
  );
  expect(runtime.calls).toContain("reopen main");
});
