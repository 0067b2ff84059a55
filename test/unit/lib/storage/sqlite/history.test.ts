import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Collection, RevisionCompacted } from "../../../../../lib/storage/interface.ts";
import { CollectionState } from "../../../../../lib/storage/sqlite/collection-state.ts";
import { HistoryKeeper } from "../../../../../lib/storage/sqlite/history.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";
import { payloadOf, value } from "../../../../suites/store-model.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

const collection: Collection = { cluster: "c", group: "", resource: "configmaps" };
const minute = 60_000;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "coracle-history-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** How many entries the file's log has. */
function logRows(file: string): number {
  const db = new DatabaseSync(file);
  try {
    return Number(db.prepare("SELECT count(*) AS n FROM log").get()?.n);
  } finally {
    db.close();
  }
}

describe("HistoryKeeper", () => {
  test.each([
    { name: "nothing is old yet", ageMs: 100, at: [0, 50, 99], revisions: [2, 3, 4], want: [0, 0, 0] },
    {
      name: "what was noted long enough ago",
      ageMs: 100,
      at: [0, 50, 100, 150],
      revisions: [2, 3, 4, 5],
      want: [0, 0, 2, 3],
    },
    { name: "the newest of several old notes", ageMs: 100, at: [0, 50, 300], revisions: [2, 3, 4], want: [0, 0, 3] },
    {
      name: "too many entries, however young",
      ageMs: 100,
      entries: 10,
      at: [0, 10],
      revisions: [5, 25],
      want: [0, 15],
    },
  ])("$name", ({ ageMs, entries, at, revisions, want }) => {
    const state = new CollectionState(collection);
    const log = { revisionBefore: (_: CollectionState, n: number) => state.revision - n };
    const keeper = new HistoryKeeper(log, { ageMs, ...(entries === undefined ? {} : { entries }) });
    const got = at.map((now, n) => {
      state.revision = revisions[n] ?? 0;
      return keeper.due(state, now);
    });
    expect(got).toEqual(want);
  });
});

describe("history", () => {
  test("is kept for five minutes, then removed from the file", async () => {
    const file = join(folder, "aged.db");
    const clock = new FakeClock();
    const store = await openSqliteStore({ file, clock });
    let revision = await store.create(collection, "x", value("0"));
    for (let n = 1; n < 500; n++) revision = await store.update(collection, "x", revision, value(`${n}`));
    const gone = await store.create(collection, "gone", value("0"));
    const last = await store.delete(collection, "gone", gone, value("0"));
    await clock.advance(4 * minute);
    expect(payloadOf((await store.list(collection, { revision: 3 })).items[0])).toBe("1");
    await clock.advance(2 * minute);
    await expect(store.list(collection, { revision: 3 })).rejects.toBeInstanceOf(RevisionCompacted);
    expect(payloadOf((await store.list(collection, { revision: last })).items[0])).toBe("499");
    // Removal goes slice by slice, so that nobody waits for all of it.
    await clock.advance(minute);
    await store.close();
    expect(logRows(file)).toBe(1);
  });

  test("what a crash left to remove is removed later", async () => {
    const file = join(folder, "crashed.db");
    const store = await openSqliteStore({ file });
    let revision = await store.create(collection, "x", value("0"));
    for (let n = 1; n < 50; n++) revision = await store.update(collection, "x", revision, value(`${n}`));
    await store.close();
    const db = new DatabaseSync(file);
    // As if the process had died between the decision and the removal.
    db.exec("UPDATE collection SET compacted = 41");
    db.close();
    const clock = new FakeClock();
    const again = await openSqliteStore({ file, clock });
    await expect(again.list(collection, { revision: 40 })).rejects.toBeInstanceOf(RevisionCompacted);
    await clock.advance(minute);
    await again.close();
    expect(logRows(file)).toBe(11);
  });
});
