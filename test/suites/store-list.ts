/** Lists: order, pages, matchers, older states, compaction. */
import { describe, expect, test } from "vitest";
import {
  type Collection,
  firstRevision,
  RevisionCompacted,
  RevisionInFuture,
  type Store,
} from "../../lib/storage/interface.ts";
import { seededRandom } from "../support/fake-clock.ts";
import type { SuiteContext } from "./store.ts";
import { listPages, Model, plain, textOf, there, value } from "./store-model.ts";

/** Writes by chance, and what the store must say afterwards. */
async function writeByChance(store: Store, collection: Collection, model: Model, seed: number, writes: number) {
  const random = seededRandom(seed);
  for (let n = 0; n < writes; n++) {
    const key = `${random.number() < 0.5 ? "a" : "b"}/k${Math.floor(random.number() * 12)}`;
    const current = model.newest.get(key);
    if (current === undefined) model.put(key, await store.create(collection, key, value(`${n}`)), `${n}`);
    else if (random.number() < 0.4)
      model.remove(key, await store.delete(collection, key, current.revision, value("-")));
    else model.put(key, await store.update(collection, key, current.revision, value(`${n}`)), `${n}`);
  }
}

/** The part of the suite about lists. */
export function listTests(context: SuiteContext): void {
  describe("list", () => {
    test("of nothing", async () => {
      const { store } = context;
      const collection = context.collection();
      expect(await store.list(collection)).toEqual({ revision: firstRevision, items: [] });
      expect(await store.list(collection, { limit: 5 })).toEqual({ revision: firstRevision, items: [] });
      expect(await store.count(collection)).toBe(0);
      expect(await store.revision(collection)).toBe(firstRevision);
      await expect(store.list(collection, { revision: firstRevision + 1 })).rejects.toBeInstanceOf(RevisionInFuture);
    });

    test("comes in the byte order of keys, by prefix", async () => {
      const { store } = context;
      const collection = context.collection();
      // In UTF-16 the emoji (a surrogate pair) would come before U+FF5E.
      const keys = ["a-b/x", "a/a", "a/a.b", "a/a0", "a/b", "ab/a", "b", "b/ü", "b/\uff5e", "b/\u{1f600}"];
      for (const key of keys.toReversed()) await store.create(collection, key, value(key));
      expect((await store.list(collection)).items.map(({ key }) => key)).toEqual(keys);
      expect((await store.list(collection, { prefix: "a/" })).items.map(({ key }) => key)).toEqual(keys.slice(1, 5));
      expect((await store.list(collection, { prefix: "b/" })).items.map(({ key }) => key)).toEqual(keys.slice(7));
      expect((await store.list(collection, { prefix: "c" })).items).toEqual([]);
      expect((await store.list(collection, { after: "a/a0" })).items.map(({ key }) => key)).toEqual(keys.slice(4));
      expect(await store.count(collection, "a/")).toBe(4);
      for (const limit of [1, 2, 3, 4, 9, 10, 11]) {
        const { items } = await listPages(store, collection, limit);
        expect(items.map(({ key }) => key)).toEqual(keys);
      }
    });

    test("pages say how many remain", async () => {
      const { store } = context;
      const collection = context.collection();
      for (let n = 0; n < 10; n++) await store.create(collection, `a/${n}`, value("x"));
      await store.create(collection, "b/0", value("x"));
      expect((await listPages(store, collection, 4, undefined, { prefix: "a/" })).remaining).toEqual([6, 2, undefined]);
      expect((await listPages(store, collection, 5, undefined, { prefix: "a/" })).remaining).toEqual([5, undefined]);
    });

    test("a matcher sees key, labels and fields; the limit counts what matches", async () => {
      const { store } = context;
      const collection = context.collection();
      for (let n = 0; n < 30; n++) {
        const labels = { parity: n % 3 === 0 ? "third" : "other" };
        await store.create(
          collection,
          `a/${String(n).padStart(2, "0")}`,
          value("x", { labels, fields: { "spec.n": `${n}` } }),
        );
      }
      const thirds = await store.list(collection, { matches: (_key, { labels }) => labels.parity === "third" });
      expect(thirds.items.map(({ key }) => Number(key.slice(2)))).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
      const one = await store.list(collection, { matches: (_key, { fields }) => fields["spec.n"] === "7" });
      expect(one.items.map(({ key }) => key)).toEqual(["a/07"]);
      const matches = (key: string, { labels }: { labels: Record<string, string> }) =>
        labels.parity === "third" && key > "a/01";
      const first = await store.list(collection, { matches, limit: 4 });
      expect(first.items.map(({ key }) => key)).toEqual(["a/03", "a/06", "a/09", "a/12"]);
      expect(first.next).toBeDefined();
      expect(first.remaining).toBeUndefined();
      const rest = await store.list(collection, { matches, after: there(first.next), revision: first.revision });
      expect(rest.items.map(({ key }) => key)).toEqual(["a/15", "a/18", "a/21", "a/24", "a/27"]);
      expect(rest.next).toBeUndefined();
    });

    test("all pages are of one revision, whatever is written between them", async () => {
      const { store } = context;
      const collection = context.collection();
      const model = new Model();
      await writeByChance(store, collection, model, 1, 40);
      const listed = model.newest;
      const { revision, items, remaining } = await listPages(store, collection, 3, (page) =>
        writeByChance(store, collection, model, 100 + page, 15),
      );
      expect(items).toEqual(model.at(revision));
      expect(remaining).toEqual(
        Array.from({ length: Math.ceil(listed.size / 3) }, (_, n) =>
          listed.size > 3 * (n + 1) ? listed.size - 3 * (n + 1) : undefined,
        ),
      );
    });

    test("every state of the past, whole, by prefix and in pages", async () => {
      const { store } = context;
      const collection = context.collection();
      const model = new Model();
      await writeByChance(store, collection, model, 7, 60);
      for (const { revision } of model.states.slice(1)) {
        const whole = await store.list(collection, { revision });
        expect(whole.revision).toBe(revision);
        expect(plain(whole.items)).toEqual(model.at(revision));
        expect(plain((await store.list(collection, { revision, prefix: "b/" })).items)).toEqual(
          model.at(revision, "b/"),
        );
        const pages = await listPages(store, collection, 4, undefined, { revision });
        expect(pages.items).toEqual(model.at(revision));
      }
    });

    test("a matcher of the past sees the labels of the past", async () => {
      const { store } = context;
      const collection = context.collection();
      const first = await store.create(collection, "x", value("1", { labels: { v: "1" } }));
      const second = await store.update(collection, "x", first, value("2", { labels: { v: "2" } }));
      await store.delete(collection, "x", second, value("2"));
      for (const [revision, v] of [
        [first, "1"],
        [second, "2"],
      ] as const) {
        const { items } = await store.list(collection, { revision, matches: (_key, { labels }) => labels.v === v });
        expect(items.map((item) => item.revision)).toEqual([revision]);
      }
    });
  });

  describe("compact", () => {
    test("forgets what was superseded, and nothing else", async () => {
      const { store } = context;
      const collection = context.collection();
      const model = new Model();
      await writeByChance(store, collection, model, 3, 30);
      const at = there(model.states.at(-1)).revision;
      await writeByChance(store, collection, model, 4, 30);
      await store.compact(collection, at);
      await store.compact(collection, at - 1);
      const last = there(model.states.at(-1)).revision;
      expect(plain((await store.list(collection)).items)).toEqual(model.at(last));
      expect(plain((await store.list(collection, { revision: at })).items)).toEqual(model.at(at));
      const refusal = await store.list(collection, { revision: at - 1 }).catch((error) => error);
      expect(refusal).toBeInstanceOf(RevisionCompacted);
      expect([refusal.compacted, refusal.current]).toEqual([at, last]);
      expect(await store.logEntry(collection, at)).toBeUndefined();
      const next = there(model.states.find(({ revision }) => revision > at)).revision;
      expect((await store.logEntry(collection, next))?.revision).toBe(next);
      expect(await store.logEntry(collection, last + 1)).toBeUndefined();
      await store.compact(collection, last);
      expect(plain((await store.list(collection)).items)).toEqual(model.at(last));
      for (const { key, text } of model.at(last)) expect((await store.get(collection, key))?.text).toBe(text);
    });

    test("a compacted collection is written on", async () => {
      const { store } = context;
      const collection = context.collection();
      const first = await store.create(collection, "x", value("1"));
      const second = await store.update(collection, "x", first, value("2"));
      await store.compact(collection, second);
      const third = await store.update(collection, "x", second, value("3"));
      expect(await store.logEntry(collection, third)).toMatchObject({
        type: "updated",
        text: textOf("3", third),
        previous: { revision: second },
      });
      expect(plain((await store.list(collection, { revision: second })).items)).toEqual([
        { key: "x", revision: second, text: textOf("2", second) },
      ]);
    });
  });
}
