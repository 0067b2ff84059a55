/**
 * What the DynamoDB driver takes for granted of a table. It runs on DynamoDB Local and on the simulated table, so that
 * the simulation stands for the real thing.
 */
import { describe, expect, test } from "vitest";
import { type Condition, ConditionFailed, type Item, type Query, type Table } from "../../lib/aws/dynamodb/table.ts";

/** Something that may need virtual time to pass. */
export type Within = <T>(promise: Promise<T>) => Promise<T>;

/** Runs the tests on the table that `table()` gives. */
export function tableSuite(name: string, table: () => Table, within: Within): void {
  let partitions = 0;
  const fresh = () => `p${++partitions}`;
  const put = (item: Item, when?: Condition) =>
    within(table().write({ put: item, ...(when === undefined ? {} : { when }) }));

  async function fill(keys: readonly string[], more: Record<string, string | number> = {}): Promise<string> {
    const pk = fresh();
    for (const sk of keys) await put({ pk, sk, ...more });
    return pk;
  }

  /** All sort keys of a query, however many pages it takes. */
  async function keysOf(query: Query): Promise<string[]> {
    const keys: string[] = [];
    for (let after = query.after; ; ) {
      const page = await within(table().query({ ...query, ...(after === undefined ? {} : { after }) }));
      keys.push(...page.items.map(({ sk }) => sk));
      after = page.items.at(-1)?.sk;
      if (!page.more || after === undefined) return keys;
    }
  }

  describe(`table: ${name}`, () => {
    test("an item is replaced as a whole, and removed", async () => {
      const pk = await fill(["a"], { x: 1, y: "1" });
      expect(await within(table().get({ pk, sk: "a" }))).toEqual({ pk, sk: "a", x: 1, y: "1" });
      await put({ pk, sk: "a", y: "2" });
      expect(await within(table().get({ pk, sk: "a" }))).toEqual({ pk, sk: "a", y: "2" });
      await within(table().write({ remove: { pk, sk: "a" } }));
      await within(table().write({ remove: { pk, sk: "a" } }));
      expect(await within(table().get({ pk, sk: "a" }))).toBeUndefined();
    });

    test("an update makes the item, adds, sets, sets once, and returns what there is then", async () => {
      const pk = fresh();
      const update = { update: { pk, sk: "a" }, add: { n: 1 }, set: { s: "x" }, setOnce: { o: 7 } };
      expect(await within(table().write(update))).toEqual({ pk, sk: "a", n: 1, s: "x", o: 7 });
      expect(await within(table().write({ ...update, set: { s: "y" }, setOnce: { o: 8 } }))).toEqual({
        ...{ pk, sk: "a", n: 2, s: "y", o: 7 },
      });
    });

    test.each<{ name: string; when: Condition; absent: boolean; there: boolean }>([
      { name: "absent", when: [[{ absent: "pk" }]], absent: true, there: false },
      { name: "exists", when: [[{ exists: "n" }]], absent: false, there: true },
      { name: "equal", when: [[{ attribute: "n", is: "=", than: 5 }]], absent: false, there: true },
      { name: "not equal", when: [[{ attribute: "n", is: "=", than: 6 }]], absent: false, there: false },
      { name: "less", when: [[{ attribute: "n", is: "<", than: 6 }]], absent: false, there: true },
      { name: "not less", when: [[{ attribute: "n", is: "<", than: 5 }]], absent: false, there: false },
      { name: "at most", when: [[{ attribute: "n", is: "<=", than: 5 }]], absent: false, there: true },
      { name: "of a missing attribute", when: [[{ attribute: "m", is: "<", than: 5 }]], absent: false, there: false },
      { name: "both", when: [[{ exists: "n" }, { absent: "m" }]], absent: false, there: true },
      { name: "one of two", when: [[{ exists: "n" }, { exists: "m" }]], absent: false, there: false },
      { name: "either", when: [[{ absent: "pk" }], [{ exists: "n" }]], absent: true, there: true },
    ])("condition: $name", async ({ when, absent, there }) => {
      const pk = await fill(["there"], { n: 5 });
      for (const [sk, holds] of [
        ["absent", absent],
        ["there", there],
      ] as const) {
        const before = await within(table().get({ pk, sk }));
        const written = put({ pk, sk, new: 1 }, when);
        if (holds) await written;
        else await expect(written).rejects.toBeInstanceOf(ConditionFailed);
        const now = await within(table().get({ pk, sk }));
        expect(now).toEqual(holds ? { pk, sk, new: 1 } : before);
      }
    });

    test("a transaction writes all or nothing", async () => {
      const pk = await fill(["a", "b"], { n: 1 });
      const writes = [
        { put: { pk, sk: "a", n: 2 } },
        { remove: { pk, sk: "b" } },
        { update: { pk, sk: "c" }, set: { n: 3 } },
      ];
      const refused = within(table().transact([...writes, { put: { pk, sk: "d" }, when: [[{ exists: "pk" }]] }]));
      await expect(refused).rejects.toBeInstanceOf(ConditionFailed);
      expect(await keysOf({ pk })).toEqual(["a", "b"]);
      await within(table().transact(writes));
      expect(await keysOf({ pk })).toEqual(["a", "c"]);
      expect(await within(table().get({ pk, sk: "a" }))).toMatchObject({ n: 2 });
    });

    test.each<{ name: string; query: Omit<Query, "pk">; want: string[] }>([
      { name: "all, in byte order", query: {}, want: ["a", "a/1", "a/2", "a/3", "b/1", "\uff5e"] },
      { name: "after", query: { after: "a/2" }, want: ["a/3", "b/1", "\uff5e"] },
      { name: "after what is not there", query: { after: "a/25" }, want: ["a/3", "b/1", "\uff5e"] },
      { name: "prefix", query: { prefix: "a/" }, want: ["a/1", "a/2", "a/3"] },
      { name: "prefix and after", query: { prefix: "a/", after: "a/1" }, want: ["a/2", "a/3"] },
      { name: "prefix, after something before it", query: { prefix: "b/", after: "a" }, want: ["b/1"] },
      { name: "prefix, after something behind it", query: { prefix: "a/", after: "b/1" }, want: [] },
      { name: "up to", query: { to: "a/2" }, want: ["a", "a/1", "a/2"] },
      { name: "after and up to", query: { after: "a", to: "a/2" }, want: ["a/1", "a/2"] },
      { name: "in small pages", query: { limit: 1 }, want: ["a", "a/1", "a/2", "a/3", "b/1", "\uff5e"] },
    ])("query: $name", async ({ query, want }) => {
      const pk = await fill(["b/1", "a/3", "a", "\uff5e", "a/1", "a/2"]);
      expect(await keysOf({ pk, ...query })).toEqual(want);
    });

    test("count looks at the clauses, in the prefix and after the key", async () => {
      const pk = await fill(["a/1", "a/2", "a/3", "b/1"], { n: 1 });
      await put({ pk, sk: "a/2", n: 9 });
      const few: Condition[number] = [{ attribute: "n", is: "<=", than: 5 }, { absent: "dead" }];
      expect(await within(table().count({ pk }, few))).toBe(3);
      expect(await within(table().count({ pk, prefix: "a/" }, few))).toBe(2);
      expect(await within(table().count({ pk, prefix: "a/", after: "a/1" }, few))).toBe(1);
    });

    test("reads that need not be consistent give what has been there for long", async () => {
      const pk = await fill(["a", "b", "c"]);
      const seen = async () => {
        const { items } = await within(table().query({ pk, to: "b", eventually: true }));
        return [...items, ...(await within(table().getMany([{ pk, sk: "c" }], { eventually: true })))];
      };
      await expect.poll(async () => (await seen()).map(({ sk }) => sk), { timeout: 10_000 }).toEqual(["a", "b", "c"]);
    });

    test("getMany gives those that are there, also of more than a hundred", async () => {
      const keys = Array.from({ length: 120 }, (_, n) => `k${n}`);
      const pk = await fill(keys);
      const wanted = ["no", ...keys, "neither"].map((sk) => ({ pk, sk }));
      const found = await within(table().getMany(wanted));
      expect(found.map(({ sk }) => sk).sort()).toEqual(keys.toSorted());
      expect(await within(table().getMany([]))).toEqual([]);
    });
  });
}
