/** Watches: backlog and live, prefixes, many readers, compaction. */
import { describe, expect, test } from "vitest";
import { RevisionCompacted } from "../../lib/storage/interface.ts";
import type { SuiteContext } from "./store.ts";
import { Collector, payloadOf, textOf, there, value } from "./store-model.ts";

/** The part of the suite about watches. */
export function watchTests(context: SuiteContext): void {
  describe("watch", () => {
    test("delivers each change with the state it replaced", async () => {
      const { store } = context;
      const collection = context.collection();
      const watch = new Collector(store, collection, 0);
      const first = await store.create(collection, "a/x", value("1", { labels: { v: "1" }, fields: { f: "1" } }));
      const second = await store.update(collection, "a/x", first, value("2", { labels: { v: "2" }, fields: {} }));
      const third = await store.delete(collection, "a/x", second, value("3", { labels: { v: "3" }, fields: {} }));
      const fourth = await store.create(collection, "a/x", value("4"));
      const want = [
        {
          type: "created",
          key: "a/x",
          revision: first,
          text: textOf("1", first),
          labels: { v: "1" },
          fields: { f: "1" },
        },
        {
          type: "updated",
          key: "a/x",
          revision: second,
          text: textOf("2", second),
          labels: { v: "2" },
          fields: {},
          previous: { revision: first, labels: { v: "1" }, fields: { f: "1" } },
        },
        {
          type: "deleted",
          key: "a/x",
          revision: third,
          text: textOf("3", third),
          labels: { v: "3" },
          fields: {},
          previous: { revision: second, labels: { v: "2" }, fields: {} },
        },
        { type: "created", key: "a/x", revision: fourth, text: textOf("4", fourth), labels: {}, fields: {} },
      ];
      await watch.reached(fourth);
      await watch.stop();
      // As JSON, since a driver may parse labels only when they are looked at.
      const seen = (entries: unknown) => JSON.parse(JSON.stringify(entries));
      expect(seen(watch.entries)).toEqual(want);
      const backlog = new Collector(store, collection, 0);
      await backlog.reached(fourth);
      await backlog.stop();
      expect(seen(backlog.entries)).toEqual(want);
      expect(seen(await store.logEntry(collection, second))).toEqual(want[1]);
      expect(await store.logEntry(collection, fourth + 1)).toBeUndefined();
    });

    test("from each revision on, by prefix too", async () => {
      const { store } = context;
      const collection = context.collection();
      const keys = ["a/1", "b/1", "a/2", "b/2", "a/3"];
      const revisions: number[] = [];
      for (const key of keys) revisions.push(await store.create(collection, key, value(key)));
      for (const [at, after] of [0, ...revisions].entries()) {
        const all = new Collector(store, collection, after);
        const some = new Collector(store, collection, after, "a/");
        if (at < keys.length)
          await Promise.all([all.reached(there(revisions.at(-1))), some.reached(there(revisions.at(-1)))]);
        await Promise.all([all.stop(), some.stop()]);
        expect(all.entries.map(({ key }) => key)).toEqual(keys.slice(at));
        expect(some.entries.map(({ key }) => key)).toEqual(keys.slice(at).filter((key) => key.startsWith("a/")));
      }
    });

    test("a prefix's watch learns how far the log has come", async () => {
      const { store } = context;
      const collection = context.collection();
      const watch = new Collector(store, collection, 0, "quiet/");
      const revision = await store.create(collection, "loud/1", value("x"));
      await watch.reached(revision);
      await watch.stop();
      expect(watch.entries).toEqual([]);
    });

    test("a future revision waits for it", async () => {
      const { store } = context;
      const collection = context.collection();
      const first = await store.create(collection, "1", value("1"));
      const watch = new Collector(store, collection, first + 2);
      let last = first;
      for (let n = 2; last <= first + 3; n++) last = await store.create(collection, `${n}`, value(`${n}`));
      await watch.reached(last);
      await watch.stop();
      expect(watch.entries.every(({ revision }) => revision > first + 2)).toBe(true);
      expect(watch.entries.at(-1)?.revision).toBe(last);
    });

    test("20 watches begun while 4 writers write miss, repeat and reorder nothing", async () => {
      const { store } = context;
      const collection = context.collection();
      const watches: { after: number; watch: Collector }[] = [];
      let written = 0;
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; n < 25; n++) {
          const revision = await store.create(collection, `w${writer}/${n}`, value(`${writer}-${n}`));
          written++;
          if (n % 5 === 0) {
            const { revision: listed } = await store.list(collection, { limit: 1 });
            expect(listed).toBeGreaterThanOrEqual(revision);
            watches.push({ after: listed, watch: new Collector(store, collection, listed) });
          }
        }
      });
      await Promise.all(writers);
      expect(written).toBe(100);
      const whole = new Collector(store, collection, 0);
      const last = await store.revision(collection);
      await Promise.all([whole, ...watches.map(({ watch }) => watch)].map((watch) => watch.reached(last)));
      expect(whole.entries).toHaveLength(100);
      for (const { after, watch } of watches) {
        const want = whole.entries.filter(({ revision }) => revision > after);
        expect(watch.entries.map(payloadOf)).toEqual(want.map(payloadOf));
        await watch.stop();
      }
      await whole.stop();
    });

    test("a long backlog", async () => {
      const { store } = context;
      const collection = context.collection();
      const revisions: number[] = [];
      for (let n = 0; n < 30; n++) {
        const batch = Array.from({ length: 40 }, (_, at) => store.create(collection, `${n}-${at}`, value("x")));
        revisions.push(...(await Promise.all(batch)));
      }
      const last = await store.revision(collection);
      const watch = new Collector(store, collection, 0);
      await watch.reached(last);
      await watch.stop();
      expect(watch.entries.map(({ revision }) => revision)).toEqual(revisions.toSorted((a, b) => a - b));
    }, 60_000);

    test("below what is compacted: refused; 0 is the beginning of what is kept", async () => {
      const { store } = context;
      const collection = context.collection();
      const first = await store.create(collection, "x", value("1"));
      const second = await store.update(collection, "x", first, value("2"));
      const third = await store.update(collection, "x", second, value("3"));
      await store.compact(collection, second);
      const refused = new Collector(store, collection, first);
      await refused.ended;
      expect(refused.error).toBeInstanceOf(RevisionCompacted);
      for (const after of [0, second]) {
        const watch = new Collector(store, collection, after);
        await watch.reached(third);
        await watch.stop();
        expect(watch.entries.map(payloadOf)).toEqual(["3"]);
      }
    });

    test("a reader that falls behind the kept history is told", async () => {
      const { store } = context;
      const collection = context.collection();
      let revision = await store.create(collection, "x", value("0"));
      const { signal } = new AbortController();
      const batches = store.watch(collection, { after: revision, signal })[Symbol.asyncIterator]();
      revision = await store.update(collection, "x", revision, value("1"));
      expect((await batches.next()).value.revision).toBe(revision);
      for (let n = 0; n < 10; n++) revision = await store.update(collection, "x", revision, value(`${n}`));
      await store.compact(collection, revision);
      revision = await store.update(collection, "x", revision, value("last"));
      const outcome = await drain(batches, revision);
      // What it had been given already may still come; a gap may not.
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(RevisionCompacted);
      else expect(outcome).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "last"]);
    });

    test("an aborted watch ends without an error, also before it began", async () => {
      const { store } = context;
      const collection = context.collection();
      await store.create(collection, "x", value("1"));
      const watch = new Collector(store, collection, 0);
      await watch.reached(1);
      await watch.stop();
      expect(watch.error).toBeUndefined();
      const seen = [];
      for await (const batch of store.watch(collection, { after: 0, signal: AbortSignal.abort() })) seen.push(batch);
      expect(seen).toEqual([]);
    });
  });
}

/** The payloads up to a revision, or the error that ended the watch. */
async function drain(
  batches: AsyncIterator<{ revision: number; entries: readonly { text: string }[] }>,
  revision: number,
): Promise<(string | undefined)[] | Error> {
  const payloads: (string | undefined)[] = [];
  try {
    for (let reached = 0; reached < revision; ) {
      const { value: batch, done } = await batches.next();
      if (done) break;
      payloads.push(...batch.entries.map(payloadOf));
      reached = batch.revision;
    }
    await batches.return?.();
    return payloads;
  } catch (error) {
    return error as Error;
  }
}
