import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KeyExists, RevisionCompacted, RevisionInFuture, type Store } from "../../../../../lib/storage/interface.ts";
import { RevisionCounter } from "../../../../../lib/storage/sqlite/revision-counter.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";
import { maxUndo } from "../../../../../lib/storage/undo.ts";
import { payloadOf, value } from "../../../../suites/store-model.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

const pods = { cluster: "c", group: "", resource: "pods" };
const leases = { cluster: "c", group: "coordination.k8s.io", resource: "leases" };
let folder: string;
let file: string;
let store: Store;
let clock: FakeClock;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "coracle-counter-"));
  file = join(folder, "store.db");
  clock = new FakeClock();
  store = await openSqliteStore({ file, clock, durable: false, history: { entries: 20 } });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Writes an object of another collection again and again. */
async function noise(times: number): Promise<number> {
  let revision = await store.create(leases, `n${times}`, value("0"));
  const writes = Array.from({ length: times - 1 }, (_, n) => store.create(leases, `n${times}/${n}`, value("0")));
  for (const one of await Promise.all(writes)) revision = Math.max(revision, one);
  return revision;
}

test("what a commit took is free again when it is rolled back", () => {
  const counter = new RevisionCounter();
  counter.restore(7);
  counter.restore(3);
  counter.pending = 9;
  counter.rollback();
  expect([counter.revision, counter.pending]).toEqual([7, 7]);
  counter.pending = 8;
  counter.commit();
  expect(counter.revision).toBe(8);
});

describe("one counter for the collections of a cluster", () => {
  test("a list is at the newest revision of all, and may be asked for at another collection's", async () => {
    const first = await store.create(pods, "a/x", value("1"));
    const between = await noise(3);
    const second = await store.update(pods, "a/x", first, value("2"));
    const after = await noise(2);
    expect([between > first, second > between, after > second]).toEqual([true, true, true]);
    expect((await store.list(pods)).revision).toBe(after);
    expect(await store.revision(pods)).toBe(second);
    expect((await store.list(pods, { revision: between })).items.map(payloadOf)).toEqual(["1"]);
    expect((await store.list(pods, { revision: after })).items.map(payloadOf)).toEqual(["2"]);
    await expect(store.list(pods, { revision: after + 1 })).rejects.toBeInstanceOf(RevisionInFuture);
    expect((await store.list({ ...pods, cluster: "other" })).revision).toBeLessThan(first);
  });

  test("a watch from another collection's revision gets what comes after it", async () => {
    const first = await store.create(pods, "a/x", value("1"));
    const foreign = await noise(3);
    const ended = new AbortController();
    const batches = store.watch(pods, { after: foreign, signal: ended.signal });
    const second = await store.update(pods, "a/x", first, value("2"));
    for await (const { entries, revision } of batches) {
      expect(entries.map((entry) => entry.revision)).toEqual([second]);
      expect(revision).toBe(second);
      break;
    }
    ended.abort();
  });

  test("a list's revision is never given to a later write, not even after a restart", async () => {
    await store.create(pods, "a/x", value("1"));
    const failed = store.create(pods, "a/x", value("again"));
    const last = store.create(leases, "n", value("0"));
    await expect(failed).rejects.toBeInstanceOf(KeyExists);
    const { revision } = await store.list(pods);
    expect(revision).toBe(await last);
    await store.close();
    store = await openSqliteStore({ file, clock, durable: false });
    expect((await store.list(pods)).revision).toBe(revision);
    expect(await store.create(pods, "a/y", value("2"))).toBe(revision + 1);
  });

  test("others' changes do not count among those to undo", async () => {
    const first = await store.create(pods, "a/x", value("1"));
    const last = await noise(maxUndo + 10);
    await store.update(pods, "a/x", first, value("2"));
    expect((await store.list(pods, { revision: last })).items.map(payloadOf)).toEqual(["1"]);
    await noise(1);
    await expect(store.list(leases, { revision: first + 1 })).rejects.toBeInstanceOf(RevisionCompacted);
  });

  test("others' changes do not count among those that are kept", async () => {
    const first = await store.create(pods, "a/x", value("1"));
    const second = await store.update(pods, "a/x", first, value("2"));
    await noise(100);
    await store.update(pods, "a/x", second, value("3"));
    await clock.advance(60_000);
    expect((await store.list(pods, { revision: first })).items.map(payloadOf)).toEqual(["1"]);
    await expect(store.list(leases, { revision: second + 1 })).rejects.toBeInstanceOf(RevisionCompacted);
  });

  test("what was superseded far apart is removed in few transactions", async () => {
    let revision = await store.create(pods, "a/x", value("0"));
    for (let n = 1; n <= 5; n++) {
      await noise(500 + n);
      revision = await store.update(pods, "a/x", revision, value(`${n}`));
    }
    let turns = 0;
    const turn = () => {
      turns += 1;
      counting = setImmediate(turn);
    };
    let counting = setImmediate(turn);
    await store.compact(pods, revision);
    clearImmediate(counting);
    expect(turns).toBeLessThanOrEqual(2);
    await store.close();
    const db = new DatabaseSync(file);
    expect(db.prepare("SELECT count(*) AS n FROM log WHERE key = 'a/x'").get()?.n).toBe(1);
    db.close();
    store = await openSqliteStore({ file, clock, durable: false });
  });
});
