import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Collection, StoreUnavailable } from "../../../../../lib/storage/interface.ts";
import { isFatal, translate } from "../../../../../lib/storage/sqlite/errors.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";
import { value } from "../../../../suites/store-model.ts";

const collection: Collection = { cluster: "c", group: "", resource: "configmaps" };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-errors-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A closed database with some objects. */
async function filled(name: string): Promise<string> {
  const file = join(folder, name);
  const store = await openSqliteStore({ file });
  for (let n = 0; n < 200; n++) await store.create(collection, `k${n}`, value("x".repeat(500)));
  await store.close();
  return file;
}

describe("a store that cannot be opened says what to do", () => {
  test.each([
    {
      name: "used by another process",
      want: /another process uses it: stop that process/,
      prepare: async (file: string) => {
        await openSqliteStore({ file });
      },
    },
    {
      name: "not a database",
      want: /is not a database of Coracle: restore it from a backup, or move it away/,
      prepare: async (file: string) => writeFileSync(file, "hello ".repeat(1000)),
    },
    {
      name: "no folder",
      want: /could not be opened: check that its folder exists and is writable/,
      file: "no/such/folder/store.db",
    },
    {
      name: "of a newer Coracle",
      want: /has format 99, this Coracle reads format 1: use the version of Coracle that made it/,
      prepare: async (file: string) => {
        const db = new DatabaseSync(file);
        db.exec("PRAGMA user_version = 99");
        db.close();
      },
    },
  ])("$name", async ({ name, want, prepare, file }) => {
    const path = join(folder, file ?? `${name}.db`);
    await prepare?.(path);
    const error = await openSqliteStore({ file: path }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toMatch(want);
    expect(error.message).toContain(path);
  });

  test("a lock is gone with the process that held it", async () => {
    const file = await filled("released.db");
    const script = `import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, "../../../../../lib/storage/sqlite/store.ts"))};
      await openSqliteStore({ file: ${JSON.stringify(file)} }); process.kill(process.pid, "SIGKILL");`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
    expect(signal).toBe("SIGKILL");
    const store = await openSqliteStore({ file });
    expect(await store.count(collection)).toBe(200);
    await store.close();
  });
});

test("a damaged file is noticed by what reads it", async () => {
  const file = await filled("damaged.db");
  const copy = join(folder, "damaged-copy.db");
  copyFileSync(file, copy);
  const descriptor = openSync(copy, "r+");
  // All pages but the first, which holds the schema.
  for (let at = 4096; at < statSync(copy).size; at += 4096) writeSync(descriptor, Buffer.alloc(200, 0xa5), 0, 200, at);
  const failure = await (async () => {
    const store = await openSqliteStore({ file: copy });
    try {
      await store.list(collection);
    } finally {
      await store.close();
    }
  })().catch((error) => error);
  expect(failure).toBeInstanceOf(StoreUnavailable);
  expect(failure.message).toMatch(/it is damaged: restore it from a backup, or move it away/);
});

describe("translate", () => {
  const sqliteError = (errcode: number) => Object.assign(new Error("text"), { errcode });

  test.each([
    { name: "disk full", errcode: 13, want: "its disk is full", fatal: false },
    { name: "I/O error", errcode: 778, want: "its disk answered with an error", fatal: false },
    { name: "sync failed", errcode: 1034, want: "its disk answered with an error", fatal: true },
    { name: "damaged index", errcode: 779, want: "it is damaged", fatal: true },
    { name: "read-only", errcode: 8, want: "it may not be written", fatal: false },
    { name: "anything else", errcode: 1, want: "start again", fatal: false },
  ])("$name", ({ errcode, want, fatal }) => {
    const error = translate(sqliteError(errcode), "/data/store.db");
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect((error as Error).message).toContain(`the database /data/store.db: ${want}`);
    expect((error as Error).message).toContain("(SQLite: text)");
    expect(isFatal(sqliteError(errcode))).toBe(fatal);
  });

  test("other errors stay what they are", () => {
    const error = new TypeError("mine");
    expect(translate(error, "/data/store.db")).toBe(error);
    expect(isFatal(error)).toBe(false);
  });
});
