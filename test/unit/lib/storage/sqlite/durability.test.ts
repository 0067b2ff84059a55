import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Collection, firstRevision } from "../../../../../lib/storage/interface.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";
import { Collector } from "../../../../suites/store-model.ts";

const collection: Collection = { cluster: "c", group: "", resource: "configmaps" };
const program = join(import.meta.dirname, "writing-process.ts");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-durability-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the kernel was asked for, in order: writes to and syncs of the database's log, and what the process said. */
function trace(file: string, durable: boolean): string[] {
  const output = `${file}.strace`;
  const calls = "trace=fsync,fdatasync,pwrite64,write";
  const command = [process.execPath, program, file, String(durable), "slowly"];
  const { status, error, stderr } = spawnSync("strace", ["-f", "-y", "-e", calls, "-o", output, ...command], {
    timeout: 30_000,
  });
  if (error !== undefined) throw new Error(`strace is needed: apt-get install strace (${error.message})`);
  if (status !== 0) throw new Error(`strace: ${stderr}`);
  const events: string[] = [];
  for (const line of readFileSync(output, "utf8").split("\n")) {
    const said = /write\(1<[^>]*>, "(begin|ack|end) ([^\\]*)/.exec(line);
    if (said !== null) events.push(`${said[1]} ${said[2]}`);
    else if (/fdatasync\(.*-wal>|fsync\(.*-wal>/.test(line)) events.push("sync");
    else if (/pwrite64\(.*-wal>/.test(line)) events.push("write");
  }
  return events;
}

/** The acknowledgements that came while something written since the last sync was not synced, or nothing was written. */
function early(events: readonly string[]): string[] {
  const found: string[] = [];
  let isSynced = false;
  for (const event of events) {
    if (event.startsWith("begin")) isSynced = false;
    if (event === "write") isSynced = false;
    if (event === "sync") isSynced = true;
    if (event.startsWith("ack") && !isSynced) found.push(event);
  }
  return found;
}

describe("durability", () => {
  test("each acknowledgement comes after a sync of what was written; a group shares one", () => {
    const events = trace(join(folder, "durable.db"), true);
    expect(early(events)).toEqual([]);
    const group = events.slice(events.indexOf("begin group"), events.indexOf("end group"));
    expect(group.filter((event) => event.startsWith("ack group"))).toHaveLength(10);
    expect(group.filter((event) => event === "sync")).toHaveLength(1);
    for (let n = 0; n < 5; n++) {
      const single = events.slice(events.indexOf(`begin ${n}`));
      const acknowledgement = single.findIndex((event) => event.startsWith("ack"));
      expect(single.slice(0, acknowledgement).filter((event) => event === "sync")).toHaveLength(1);
    }
  }, 60_000);

  test("with synchronous=OFF the same look finds every acknowledgement too early", () => {
    const events = trace(join(folder, "fast.db"), false);
    expect(events.filter((event) => event.startsWith("ack"))).toHaveLength(16);
    expect(early(events)).toHaveLength(16);
  }, 60_000);

  test("kill -9 under load loses nothing that was acknowledged, and the log has no gap", async () => {
    const file = join(folder, "killed.db");
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, [program, file, "true", "forever"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let left = 200 + 137 * round;
      for await (const line of createInterface(child.stdout)) {
        const [, key, revision] = /^ack (\S+) (\d+)$/.exec(line) ?? [];
        if (key !== undefined) acknowledged.set(key, Number(revision));
        if (--left === 0) child.kill("SIGKILL");
      }
      const store = await openSqliteStore({ file });
      const { items, revision } = await store.list(collection);
      const stored = new Map(items.map((item) => [item.key, item.revision]));
      const lost = [...acknowledged].filter(([key, at]) => stored.get(key) !== at);
      expect(lost).toEqual([]);
      const watch = new Collector(store, collection, 0);
      await watch.reached(revision);
      await watch.stop();
      expect(watch.entries.map((entry) => entry.revision)).toEqual(
        Array.from({ length: revision - firstRevision }, (_, n) => firstRevision + n + 1),
      );
      await store.close();
    }
    expect(acknowledged.size).toBeGreaterThan(2_000);
  }, 60_000);

  test("a full disk says so, keeps what was acknowledged, and goes on when there is space", () => {
    const disk = join(folder, "disk");
    const script = 'mkdir "$1" && mount -t tmpfs -o size=4m none "$1" && exec "$2" "$3" "$1/store.db" true untilFull';
    const args = ["-rm", "sh", "-c", script, "sh", disk, process.execPath, program];
    const { status, stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8", timeout: 30_000 });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines.filter((line) => line.startsWith("ack")).length).toBeGreaterThan(5);
    expect(lines.find((line) => !line.startsWith("ack"))).toMatch(
      /^StoreUnavailable: the database .*store\.db: its disk is full: free some space and try again/,
    );
    expect(lines.at(-2)).toMatch(/^ack after/);
    expect(lines.at(-1)).toBe("kept 1");
  }, 60_000);
});
