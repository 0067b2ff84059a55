/** What collections share and what not, owners, closing and opening again. */
import { describe, expect, test } from "vitest";
import { firstRevision, StoreUnavailable } from "../../lib/storage/interface.ts";
import type { SuiteContext } from "./store.ts";
import { Collector, payloadOf, textOf, value } from "./store-model.ts";

/** The part of the suite about collections and the store as a whole. */
export function collectionTests(context: SuiteContext): void {
  describe("collections", () => {
    test("cluster, group and resource keep objects apart, and writes of one leave the others at their revisions", async () => {
      const { store } = context;
      const base = context.collection("jobs");
      const others = [
        { ...base, group: "batch" },
        { ...base, resource: "job" },
        { ...base, cluster: `${base.cluster}x` },
      ];
      for (let n = 0; n < 5; n++) await store.create(base, `a/${n}`, value("base"));
      const revision = await store.revision(base);
      for (const other of others) {
        expect(await store.revision(other)).toBe(firstRevision);
        expect(await store.get(other, "a/1")).toBeUndefined();
        expect((await store.list(other)).items).toEqual([]);
        await store.create(other, "a/1", value("other"));
      }
      expect(await store.revision(base)).toBe(revision);
      expect(payloadOf(await store.get(base, "a/1"))).toBe("base");
      expect(await store.count(base)).toBe(5);
      expect(await store.count(base, "a/1")).toBe(1);
    });

    test("collections of a cluster, also when they are empty again", async () => {
      const { store } = context;
      const { cluster } = context.collection();
      const pods = { cluster, group: "", resource: "pods" };
      const jobs = { cluster, group: "batch", resource: "jobs" };
      expect(await store.collections(cluster)).toEqual([]);
      await expect(store.update({ cluster, group: "", resource: "never" }, "x", 1, value("1"))).rejects.toThrow();
      const revision = await store.create(pods, "a/x", value("1"));
      await store.create(jobs, "a/x", value("1"));
      await store.delete(pods, "a/x", revision, value("1"));
      expect(await store.collections(cluster)).toEqual([pods, jobs]);
      expect(await store.revision(pods)).toBeGreaterThan(revision);
    });
  });

  test("revisions are those of each collection", async () => {
    const { store } = context;
    const [used, unused] = [context.collection(), context.collection()];
    const first = await store.create(used, "a/x", value("1"));
    expect(await store.revisions([])).toEqual([]);
    const before = await store.revisions([used, unused, used]);
    expect(before).toEqual([first, await store.revision(unused), first]);
    const second = await store.update(used, "a/x", first, value("2"));
    expect(await store.revisions([unused, used])).toEqual([before[1], second]);
  });

  test("listByOwner follows creations, updates and deletions in every collection", async () => {
    const { store } = context;
    const pods = context.collection("pods");
    const sets = { cluster: pods.cluster, group: "apps", resource: "replicasets" };
    const keysOf = async (uid: string) =>
      (await store.listByOwner(pods.cluster, uid)).map(({ collection, key }) => `${collection.resource}:${key}`).sort();
    const first = await store.create(pods, "a/p1", value("1", { owners: ["u1", "u2"] }));
    await store.create(pods, "a/p2", value("1", { owners: ["u1"] }));
    const set = await store.create(sets, "a/s", value("1", { owners: ["u1"] }));
    await store.create({ ...pods, cluster: `${pods.cluster}x` }, "a/p3", value("1", { owners: ["u1"] }));
    expect(await keysOf("u1")).toEqual(["pods:a/p1", "pods:a/p2", "replicasets:a/s"]);
    expect(await keysOf("u2")).toEqual(["pods:a/p1"]);
    const second = await store.update(pods, "a/p1", first, value("2", { owners: ["u2", "u3"] }));
    const third = await store.update(pods, "a/p1", second, value("3", { owners: ["u2", "u3"] }));
    expect([await keysOf("u1"), await keysOf("u2"), await keysOf("u3")]).toEqual([
      ["pods:a/p2", "replicasets:a/s"],
      ["pods:a/p1"],
      ["pods:a/p1"],
    ]);
    await store.delete(pods, "a/p1", third, value("3", { owners: ["u2", "u3"] }));
    await store.delete(sets, "a/s", set, value("1", { owners: ["u1"] }));
    expect([await keysOf("u1"), await keysOf("u2"), await keysOf("u3")]).toEqual([["pods:a/p2"], [], []]);
  });

  test("a store that is opened again has everything, and revisions go on", async () => {
    const collection = context.collection();
    let store = await context.driver.open();
    const first = await store.create(collection, "a/x", value("1", { owners: ["u"] }));
    const second = await store.update(collection, "a/x", first, value("2", { owners: ["u"] }));
    const deleted = await store.create(collection, "a/y", value("1"));
    const last = await store.delete(collection, "a/y", deleted, value("1"));
    store = await context.driver.reopen(store);
    expect(await store.revision(collection)).toBe(last);
    const whole = new Collector(store, collection, 0);
    await whole.reached(last);
    await whole.stop();
    expect(whole.entries.map(({ revision }) => revision)).toEqual([first, second, deleted, last]);
    expect((await store.get(collection, "a/x"))?.text).toBe(textOf("2", second));
    expect((await store.logEntry(collection, first))?.text).toBe(textOf("1", first));
    expect((await store.listByOwner(collection.cluster, "u")).map(({ key }) => key)).toEqual(["a/x"]);
    const watch = new Collector(store, collection, first);
    const next = await store.create(collection, "a/z", value("3"));
    expect(next).toBeGreaterThan(last);
    await watch.reached(next);
    await watch.stop();
    expect(watch.entries.map(({ type, key }) => `${type} ${key}`)).toEqual([
      "updated a/x",
      "created a/y",
      "deleted a/y",
      "created a/z",
    ]);
    await store.close();
  });

  test("a closed store ends its watches and refuses everything", async () => {
    const collection = context.collection();
    const store = await context.driver.open();
    await store.create(collection, "x", value("1"));
    const watch = new Collector(store, collection, 0);
    await watch.reached(1);
    await store.close();
    await watch.ended;
    expect(watch.error).toBeUndefined();
    await store.close();
    for (const refused of [
      () => store.create(collection, "y", value("1")),
      () => store.get(collection, "x"),
      () => store.list(collection),
      () => store.revision(collection),
    ]) {
      await expect(refused()).rejects.toBeInstanceOf(StoreUnavailable);
    }
  });
}
