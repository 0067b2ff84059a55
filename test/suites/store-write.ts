/** Writes, reads of one object, limits, and many creations in one go. */
import { describe, expect, test } from "vitest";
import { KeyExists, KeyNotFound, RevisionConflict, type Store, ValueTooLarge } from "../../lib/storage/interface.ts";
import { maxTextBytes } from "../../lib/storage/keys.ts";
import type { SuiteContext } from "./store.ts";
import { Collector, payloadOf, plain, textOf, there, value } from "./store-model.ts";

/** Text that no compressor makes smaller. */
function noise(length: number): string {
  let state = 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += String.fromCharCode(0x100 + ((state >>> 16) % 0x600));
  }
  return text.slice(0, length);
}

/** The part of the suite about writes. */
export function writeTests(context: SuiteContext): void {
  describe("one object", () => {
    test("create, get, update, delete, create again", async () => {
      const { store } = context;
      const pods = context.collection();
      expect(await store.get(pods, "a/x")).toBeUndefined();
      const first = await store.create(pods, "a/x", value("one"));
      expect(first).toBeGreaterThan(0);
      expect(plain([there(await store.get(pods, "a/x"))])).toEqual([
        { key: "a/x", revision: first, text: textOf("one", first) },
      ]);
      const second = await store.update(pods, "a/x", first, value("two"));
      expect(second).toBeGreaterThan(first);
      expect((await store.get(pods, "a/x"))?.text).toBe(textOf("two", second));
      const third = await store.delete(pods, "a/x", second, value("gone"));
      expect(third).toBeGreaterThan(second);
      expect(await store.get(pods, "a/x")).toBeUndefined();
      const fourth = await store.create(pods, "a/x", value("again"));
      expect(fourth).toBeGreaterThan(third);
      expect((await store.get(pods, "a/x"))?.text).toBe(textOf("again", fourth));
      const fifth = await store.delete(pods, "a/x", fourth, value("gone"));
      expect(fifth).toBeGreaterThan(fourth);
    });

    test.each([
      { name: "create of what exists", want: KeyExists, run: (s: Store, c: never) => s.create(c, "a/x", value("2")) },
      {
        name: "update of what is not there",
        want: KeyNotFound,
        run: (s: Store, c: never) => s.update(c, "a/y", 1, value("2")),
      },
      {
        name: "update of an old revision",
        want: RevisionConflict,
        run: (s: Store, c: never, r: number) => s.update(c, "a/x", r - 1, value("2")),
      },
      {
        name: "update of a future revision",
        want: RevisionConflict,
        run: (s: Store, c: never, r: number) => s.update(c, "a/x", r + 1, value("2")),
      },
      {
        name: "delete of what is not there",
        want: KeyNotFound,
        run: (s: Store, c: never) => s.delete(c, "a/y", 1, value("2")),
      },
      {
        name: "delete of an old revision",
        want: RevisionConflict,
        run: (s: Store, c: never, r: number) => s.delete(c, "a/x", r - 1, value("2")),
      },
      {
        name: "too large",
        want: ValueTooLarge,
        run: (s: Store, c: never) => s.create(c, "a/y", value("x".repeat(maxTextBytes))),
      },
      {
        name: "too large an update",
        want: ValueTooLarge,
        run: (s: Store, c: never, r: number) => s.update(c, "a/x", r, value("x".repeat(maxTextBytes))),
      },
    ])("$name changes nothing", async ({ want, run }) => {
      const { store } = context;
      const collection = context.collection();
      const before = await store.create(collection, "a/x", value("1"));
      const revision = await store.update(collection, "a/x", before, value("1b"));
      await expect(run(store, collection as never, revision)).rejects.toBeInstanceOf(want);
      expect(plain((await store.list(collection)).items)).toEqual([
        { key: "a/x", revision, text: textOf("1b", revision) },
      ]);
      // The store goes on as if nothing had been.
      const next = await store.update(collection, "a/x", revision, value("3"));
      expect(payloadOf(await store.get(collection, "a/x"))).toBe("3");
      expect(next).toBeGreaterThan(revision);
    });

    test("a deleted object is not there for update and delete", async () => {
      const { store } = context;
      const collection = context.collection();
      const made = await store.create(collection, "x", value("1"));
      await store.delete(collection, "x", made, value("1"));
      await expect(store.update(collection, "x", made, value("2"))).rejects.toBeInstanceOf(KeyNotFound);
      await expect(store.delete(collection, "x", made, value("2"))).rejects.toBeInstanceOf(KeyNotFound);
    });

    test("text that can't be made fails its own write alone", async () => {
      const { store } = context;
      const collection = context.collection();
      const bad = {
        ...value("bad"),
        text: () => {
          throw new TypeError("no text");
        },
      };
      const results = await Promise.allSettled([
        store.create(collection, "a", value("a")),
        store.create(collection, "b", bad),
        store.create(collection, "c", value("c")),
      ]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(TypeError);
      expect((await store.list(collection)).items.map(({ key }) => key)).toEqual(["a", "c"]);
    });

    test("the largest text, compressible and not, goes through get, list, watch, update and delete", async () => {
      const { store } = context;
      const collection = context.collection();
      const watch = new Collector(store, collection, 0);
      const envelope = textOf("", 1_000_000).length;
      const payloads = [
        "x".repeat(maxTextBytes - envelope),
        noise((maxTextBytes - envelope) / 2 - 10),
        "ü€😀".repeat(100_000),
      ];
      const revisions: number[] = [];
      for (const [at, payload] of payloads.entries())
        revisions.push(await store.create(collection, `k${at}`, value(payload)));
      for (const [at, payload] of payloads.entries()) {
        expect((await store.get(collection, `k${at}`))?.text === textOf(payload, there(revisions[at]))).toBe(true);
      }
      const { items, revision } = await store.list(collection);
      expect(items.map((item) => item.text === textOf(there(payloads[Number(item.key[1])]), item.revision))).toEqual([
        true,
        true,
        true,
      ]);
      const small = await store.update(collection, "k1", there(revisions[1]), value("small"));
      const large = await store.update(collection, "k1", small, value(there(payloads[1])));
      const gone = await store.delete(collection, "k1", large, value(there(payloads[1])));
      await watch.reached(gone);
      await watch.stop();
      expect(watch.entries.map((entry) => [entry.key, entry.type, entry.text.length > 300_000])).toEqual([
        ["k0", "created", true],
        ["k1", "created", true],
        ["k2", "created", true],
        ["k1", "updated", false],
        ["k1", "updated", true],
        ["k1", "deleted", true],
      ]);
      const past = await store.list(collection, { revision });
      expect(
        past.items.map((item) => item.text === textOf(there(payloads[Number(item.key[1])]), item.revision)),
      ).toEqual([true, true, true]);
    });
  });

  describe("what is missing", () => {
    const names = Array.from({ length: 130 }, (_, n) => `a/${String(n).padStart(3, "0")}`);
    const objects = (payload: string) => names.map((key) => ({ key, value: value(`${payload} ${key}`) }));

    test("is created, and what is there stays", async () => {
      const { store } = context;
      const roles = context.collection();
      const [one, other] = [names[7], names[101]];
      await store.create(roles, one, value("old"));
      const dead = await store.create(roles, other, value("dead"));
      await store.delete(roles, other, dead, value("dead"));
      const revisions = await store.createMissing(roles, objects("new"));
      const { items, revision } = await store.list(roles);
      expect(items.map(({ key }) => key)).toEqual(names);
      expect(revision).toBe(Math.max(...revisions));
      for (const [n, item] of items.entries()) {
        const isOld = item.key === one;
        expect(revisions[n]).toBe(isOld ? 0 : item.revision);
        expect(payloadOf(item)).toBe(isOld ? "old" : `new ${item.key}`);
      }
      expect(await store.createMissing(roles, objects("newer"))).toEqual(names.map(() => 0));
      expect(await store.createMissing(roles, [])).toEqual([]);
      expect((await store.list(roles)).items).toEqual(items);
    });

    test("is seen by who watches, each once and in order", async () => {
      const { store } = context;
      const roles = context.collection();
      const first = await store.create(roles, "a/first", value("first"));
      const seen = new Collector(store, roles, first);
      const revisions = await store.createMissing(roles, objects("new"));
      await seen.reached(Math.max(...revisions));
      expect(seen.entries.map(({ revision }) => revision)).toEqual(revisions.toSorted((a, b) => a - b));
      expect(seen.entries.every(({ type }) => type === "created")).toBe(true);
      await seen.stop();
    });

    test("is created once, however many do so at the same time", async () => {
      const { store } = context;
      const roles = context.collection();
      const all = await Promise.all(["x", "y", "z"].map((who) => store.createMissing(roles, objects(who))));
      const { items } = await store.list(roles);
      for (const [n, { revision }] of items.entries()) {
        expect(all.map((revisions) => revisions[n]).filter((one) => one > 0)).toEqual([revision]);
      }
      expect(items).toHaveLength(names.length);
    });

    test("has owners and long texts too; one that is too large is refused", async () => {
      const { store } = context;
      const roles = context.collection();
      const more = [
        { key: "a/owned", value: value("owned", { owners: ["some-uid"] }) },
        { key: "a/small", value: value("small") },
        { key: "a/long", value: value(noise(600_000)) },
      ];
      expect(Math.min(...(await store.createMissing(roles, more)))).toBeGreaterThan(0);
      expect((await store.list(roles)).items.map(({ key }) => key)).toEqual(["a/long", "a/owned", "a/small"]);
      const owned = await store.listByOwner(roles.cluster, "some-uid");
      expect(owned.map(({ key }) => key)).toEqual(["a/owned"]);
      const tooLarge = [{ key: "a/huge", value: value(noise(maxTextBytes)) }];
      await expect(store.createMissing(roles, tooLarge)).rejects.toThrow(ValueTooLarge);
    });
  });
}
