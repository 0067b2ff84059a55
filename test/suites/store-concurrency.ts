/** Many who write to one store at once. */
import { describe, expect, test } from "vitest";
import { KeyExists, KeyNotFound, RevisionConflict, type Store } from "../../lib/storage/interface.ts";
import type { SuiteContext } from "./store.ts";
import { Collector, payloadOf, value } from "./store-model.ts";

/** How often a loop is tried that others disturb. */
const attempts = 200;

/** Adds 1 to a counter in an object, again after each conflict. */
async function increment(store: Store, collection: Parameters<Store["get"]>[0], key: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const object = await store.get(collection, key);
    if (object === undefined) throw new KeyNotFound(key);
    try {
      await store.update(collection, key, object.revision, value(String(Number(payloadOf(object)) + 1)));
      return;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
  throw new Error(`no luck in ${attempts} attempts`);
}

/** The part of the suite about writers that meet. */
export function concurrencyTests(context: SuiteContext): void {
  describe("many at once", () => {
    test("of 20 creates of one key one wins", async () => {
      const { store } = context;
      const collection = context.collection();
      const tries = Array.from({ length: 20 }, (_, n) => store.create(collection, "a/x", value(String(n))));
      const results = await Promise.allSettled(tries);
      const winners = results.flatMap((result, n) => (result.status === "fulfilled" ? [n] : []));
      expect(winners).toHaveLength(1);
      for (const result of results) if (result.status === "rejected") expect(result.reason).toBeInstanceOf(KeyExists);
      expect(payloadOf(await store.get(collection, "a/x"))).toBe(String(winners[0]));
    });

    test("8 writers that count together lose no step", async () => {
      const { store } = context;
      const collection = context.collection();
      const watch = new Collector(store, collection, 0);
      await store.create(collection, "n", value("0"));
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let n = 0; n < 5; n++) await increment(store, collection, "n");
        }),
      );
      expect(payloadOf(await store.get(collection, "n"))).toBe("40");
      await watch.reached(await store.revision(collection));
      await watch.stop();
      expect(watch.entries.map((entry) => Number(payloadOf(entry)))).toEqual(Array.from({ length: 41 }, (_, n) => n));
    });

    test("an acknowledged write is in a list that begins after it", async () => {
      const { store } = context;
      const collection = context.collection();
      await Promise.all(
        Array.from({ length: 6 }, async (_, writer) => {
          for (let n = 0; n < 5; n++) {
            const key = `w${writer}/${n}`;
            const revision = await store.create(collection, key, value(key));
            const listed = await store.list(collection);
            expect(listed.revision).toBeGreaterThanOrEqual(revision);
            expect(listed.items.map((item) => item.key)).toContain(key);
          }
        }),
      );
      expect(await store.count(collection)).toBe(30);
    });
  });
}
