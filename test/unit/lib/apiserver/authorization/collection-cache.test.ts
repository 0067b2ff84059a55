import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CacheGroup, type CacheMode } from "../../../../../lib/apiserver/authorization/collection-cache.ts";
import type { Collection, Store } from "../../../../../lib/storage/interface.ts";
import { openSqliteStore } from "../../../../../lib/storage/sqlite/store.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

const roles: Collection = { cluster: "c", group: "g", resource: "roles" };
const bindings: Collection = { cluster: "c", group: "g", resource: "bindings" };
const value = (text: string) => ({ text: () => JSON.stringify(text), labels: {}, fields: {}, owners: [] });

let store: Store;
let calls: string[];
let clock: FakeClock;
let stop: AbortController;

beforeEach(async () => {
  const opened = await openSqliteStore({ file: ":memory:", durable: false });
  calls = [];
  const counted = new Set(["list", "watch", "revisions"]);
  store = new Proxy(opened, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (counted.has(String(name))) calls.push(String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });
  clock = new FakeClock();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await store.close();
});

function group(mode: CacheMode) {
  const view = new Map<string, unknown>();
  const changed = (key: string, object: unknown) => {
    if (object === undefined) view.delete(key);
    else view.set(key, object);
  };
  const feed = { store, clock, signal: stop.signal, mode };
  return new CacheGroup(view, feed, [
    [roles, changed],
    [bindings, changed],
  ]);
}

describe("a cache that catches up on use", () => {
  it("holds no watch, and asks for nothing while it is fresh", async () => {
    await store.create(roles, "a", value("1"));
    const cache = group("on use");
    expect(cache.current).toBeUndefined();
    expect([...(await cache.filled())]).toEqual([["a", "1"]]);
    expect(calls).toEqual(["list", "list"]);
    await clock.advance(999);
    expect([...(cache.current ?? [])]).toEqual([["a", "1"]]);
    await cache.filled();
    expect(calls).toEqual(["list", "list"]);
  });

  it("asks for the revisions alone once it is a second old, and reads changes where there are some", async () => {
    const cache = group("on use");
    await cache.filled();
    calls.length = 0;
    await clock.advance(1_000);
    expect(cache.current).toBeUndefined();
    await cache.filled();
    expect(calls).toEqual(["revisions"]);
    const revision = await store.create(roles, "a", value("1"));
    await store.create(bindings, "b", value("2"));
    await store.delete(roles, "a", revision, value("1"));
    await clock.advance(1_000);
    expect([...(await cache.filled())]).toEqual([["b", "2"]]);
  });

  it("sees at once what was written before it is asked to, whoever else asks at the same time", async () => {
    const cache = group("on use");
    const view = await cache.filled();
    const looks = [cache.caughtUp()];
    for (const name of ["a", "b", "c"]) {
      await store.create(roles, name, value(name));
      looks.push(cache.caughtUp().then(() => expect(view.get(name)).toBe(name)));
    }
    await Promise.all(looks);
  });

  it("lists again where the history has gone", async () => {
    const cache = group("on use");
    const view = await cache.filled();
    await store.create(roles, "a", value("1"));
    const last = await store.create(roles, "b", value("2"));
    await store.delete(roles, "b", last, value("2"));
    await store.compact(roles, await store.revision(roles));
    await cache.caughtUp();
    expect([...view]).toEqual([["a", "1"]]);
  });

  it("says what the store cannot, and tries again with the next question", async () => {
    const list = store.list;
    const cache = group("on use");
    const failing = { ...roles };
    store.list = () => Promise.reject(new Error("not now"));
    await expect(cache.filled()).rejects.toThrow("not now");
    store.list = list;
    await store.create(failing, "a", value("1"));
    expect((await cache.filled()).get("a")).toBe("1");
  });
});

describe("a cache that watches", () => {
  it("is always current, and follows changes by itself", async () => {
    const cache = group("watch");
    const view = await cache.filled();
    await clock.advance(60_000);
    expect(cache.current).toBe(view);
    await store.create(roles, "a", value("1"));
    await expect.poll(() => view.get("a")).toBe("1");
  });
});
