import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DynamoStore } from "../../../../../lib/aws/dynamodb/store.ts";
import type { Item } from "../../../../../lib/aws/dynamodb/table.ts";
import {
  loadLogItem,
  readLogRecord,
  type StreamRecord,
  type StreamValue,
  UnreadableRecord,
} from "../../../../../lib/aws/stream/log-records.ts";
import { FakeClock, seededRandom } from "../../../../support/fake-clock.ts";
import { insertRecord } from "../../../../support/log-records.ts";
import { memoryTable } from "../../../../support/memory-table.ts";

const collection = { cluster: "default", group: "apps", resource: "deployments" };

async function written(...texts: string[]) {
  const table = memoryTable();
  const inserted: Item[] = [];
  table.items.inserted = (item) => void inserted.push(item);
  const store = new DynamoStore(table, { clock: new FakeClock(), random: seededRandom(1) });
  let revision: number | undefined;
  for (const text of texts) {
    const value = { text: () => text, labels: { a: "b" }, fields: { "spec.x": "y" }, owners: [] };
    revision =
      revision === undefined
        ? await store.create(collection, "x/web", value)
        : await store.update(collection, "x/web", revision, value);
  }
  return { table, records: inserted.map((item, index) => insertRecord(item, String(index))) };
}

const logOf = (records: readonly StreamRecord[]) => records.map(readLogRecord).filter((item) => item !== undefined);

const random = seededRandom(7);
const noise = (length: number) => Array.from({ length }, () => random.uuid()).join("");

describe("records of the stream", () => {
  it.each([
    ["short", "short"],
    ["compressed", "long ".repeat(1_000)],
    ["in chunks", noise(30_000)],
  ])("give back an entry's text: %s", async (_, text) => {
    const { table, records } = await written("first", text);
    const items = logOf(records);
    expect(items.map(({ collection: one }) => one)).toEqual([collection, collection]);
    const entries = await Promise.all(items.map((item) => loadLogItem(table, item)));
    expect(entries).toMatchObject([
      { type: "created", key: "x/web", text: "first", labels: { a: "b" }, fields: { "spec.x": "y" } },
      { type: "updated", key: "x/web", text, previous: { revision: items[0].revision } },
    ]);
  });

  it("of other items are none of the log", async () => {
    const { records } = await written("a");
    expect(records.length).toBeGreaterThan(1);
    expect(logOf(records).length).toBe(1);
    const [log] = records.filter((record) => readLogRecord(record) !== undefined);
    expect(readLogRecord({ ...log, eventName: "REMOVE" })).toBeUndefined();
    expect(readLogRecord({ eventName: "INSERT" })).toBeUndefined();
    expect(readLogRecord({})).toBeUndefined();
  });

  it("are history no more where their chunks are gone", async () => {
    const { table, records } = await written(noise(30_000));
    const [item] = logOf(records);
    for (const { pk, sk, t } of table.items.all()) if (t === "chunk") await table.write({ remove: { pk, sk } });
    expect(await loadLogItem(table, item)).toBeUndefined();
  });

  it.each<[string, Readonly<Record<string, StreamValue>>]>([
    ["another partition's key", { pk: { S: "somewhere" } }],
    ["no revision", { r: { S: "7" } }],
    ["no key", { k: { S: "" } }],
  ])("are refused with %s", async (_, more) => {
    const { records } = await written("a");
    const [record] = records.filter((one) => readLogRecord(one) !== undefined);
    const broken = { ...record, dynamodb: { NewImage: { ...record.dynamodb?.NewImage, ...more } } };
    expect(() => readLogRecord(broken)).toThrow(UnreadableRecord);
  });

  it.each<[string, Readonly<Record<string, StreamValue>>]>([
    ["bytes that are not compressed", { d: { B: Buffer.from("secret").toString("base64") } }],
    ["bytes that were cut off", { d: { B: zstdCompressSync("x".repeat(9_999)).subarray(0, 12).toString("base64") } }],
    ["labels that are no JSON", { l: { S: "{" } }],
  ])("are refused with %s", async (_, more) => {
    const { table, records } = await written("a");
    const [record] = records.filter((one) => readLogRecord(one) !== undefined);
    const [item] = logOf([{ ...record, dynamodb: { NewImage: { ...record.dynamodb?.NewImage, ...more } } }]);
    await expect(loadLogItem(table, item)).rejects.toThrow(UnreadableRecord);
  });
});
