import { describe, expect, test } from "vitest";
import { CollectionState } from "../../../../../lib/storage/sqlite/collection-state.ts";
import { ListCache } from "../../../../../lib/storage/sqlite/list-cache.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";
import { payloadOf, value } from "../../../../suites/store-model.ts";

function stateAt(id: number, revision: number): CollectionState {
  const state = new CollectionState({ cluster: "c", group: "", resource: `r${id}` });
  state.restore({ id, revision, compacted: 0, cleaned: 0 });
  return state;
}

function listOf(revision: number, chars: number) {
  return [{ key: "k", revision, text: "x".repeat(chars) }];
}

describe("ListCache", () => {
  test("has a list while its collection stays at the revision", () => {
    const cache = new ListCache();
    const state = stateAt(1, 5);
    const list = listOf(5, 10);
    cache.put(state, "a/", list);
    expect(cache.get(state, "a/")).toBe(list);
    expect(cache.get(state, "")).toBeUndefined();
    expect(cache.get(stateAt(2, 5), "a/")).toBeUndefined();
    state.revision = 6;
    expect(cache.get(state, "a/")).toBeUndefined();
  });

  test("is bounded: what was not asked for longest goes first", () => {
    const cache = new ListCache();
    const states = [1, 2, 3].map((id) => stateAt(id, 1));
    const [first, second, third] = states as [CollectionState, CollectionState, CollectionState];
    cache.put(first, "", listOf(1, 7_000_000));
    cache.put(second, "", listOf(1, 7_000_000));
    cache.get(first, "");
    cache.put(third, "", listOf(1, 7_000_000));
    expect(states.map((state) => cache.get(state, "") !== undefined)).toEqual([true, false, true]);
    cache.put(second, "", listOf(1, 9_000_000));
    expect(cache.get(second, "")).toBeUndefined();
    // Put again and again, one list counts once.
    for (let n = 0; n < 10; n++) cache.put(third, "", listOf(1, 7_000_000));
    expect(cache.get(first, "")).toBeDefined();
  });
});

test("a list that is asked for again is the same until something is written", async () => {
  const store = await openSqliteStore({ file: ":memory:" });
  const collection = { cluster: "c", group: "", resource: "configmaps" };
  const first = await store.create(collection, "a/x", value("1"));
  const once = await store.list(collection, { prefix: "a/" });
  await store.create({ ...collection, resource: "pods" }, "a/x", value("1"));
  expect((await store.list(collection, { prefix: "a/" })).items).toBe(once.items);
  await store.update(collection, "a/x", first, value("2"));
  const later = await store.list(collection, { prefix: "a/" });
  expect(later.items.map(payloadOf)).toEqual(["2"]);
  expect(once.items.map(payloadOf)).toEqual(["1"]);
  await store.close();
});
