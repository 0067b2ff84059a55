import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTable } from "../../../../../lib/aws/dynamodb/create-table.ts";
import { Layout } from "../../../../../lib/aws/dynamodb/layout.ts";
import { openDynamoStore } from "../../../../../lib/aws/dynamodb/open.ts";
import { SdkTable } from "../../../../../lib/aws/dynamodb/sdk-table.ts";
import { type Collection, StoreUnavailable } from "../../../../../lib/storage/interface.ts";
import { Collector, payloadOf, value } from "../../../../suites/store-model.ts";
import { tableSuite } from "../../../../suites/store-table.ts";
import { type DynamoDBLocal, startDynamoDBLocal } from "../../../../support/dynamodb-local.ts";

const pods: Collection = { cluster: "c", group: "", resource: "pods" };
let server: DynamoDBLocal;
let table: SdkTable;

beforeAll(async () => {
  server = await startDynamoDBLocal();
  await createTable("table", server.client);
  table = new SdkTable({ name: "table", client: server.client });
}, 300_000);
afterAll(async () => {
  table?.close();
  await server?.stop();
});

tableSuite(
  "DynamoDB Local",
  () => table,
  (promise) => promise,
);

describe("DynamoDB", () => {
  test("a table that is there is left as it is", async () => {
    await table.write({ put: { pk: "kept", sk: "x" } });
    await createTable("table", server.client);
    expect(await table.get({ pk: "kept", sk: "x" })).toBeDefined();
  });

  test("a query of more than a megabyte comes in pages", async () => {
    for (let n = 0; n < 5; n++) await table.write({ put: { pk: "large", sk: `${n}`, d: new Uint8Array(300_000) } });
    const page = await table.query({ pk: "large" });
    expect(page.more).toBe(true);
    const rest = await table.query({ pk: "large", after: page.items.at(-1)?.sk ?? "" });
    expect([...page.items, ...rest.items].map(({ sk }) => sk)).toEqual(["0", "1", "2", "3", "4"]);
    expect(await table.count({ pk: "large" }, [{ exists: "d" }])).toBe(5);
  });

  test("two stores on one table see each other, and fill the gap that a dead writer left", async () => {
    const open = () => openDynamoStore({ table: "table", client: server.client });
    const [one, other] = [await open(), await open()];
    const first = await one.create(pods, "a/x", value("1"));
    const watch = new Collector(other, pods, first);
    // A third writer took a ticket and died.
    const layout = new Layout(pods);
    await table.write({ update: layout.counter(), add: { rev: 1 } });
    const third = await one.update(pods, "a/x", first, value("2"));
    expect(third).toBe(first + 2);
    const { items, revision } = await other.list(pods);
    expect(revision).toBe(third);
    expect(items.map(payloadOf)).toEqual(["2"]);
    await watch.reached(third);
    await watch.stop();
    expect(watch.entries.map((entry) => entry.revision)).toEqual([third]);
    expect(await table.get(layout.log(first + 1, 1))).toMatchObject({ t: "void" });
    await Promise.all([one.close(), other.close()]);
  });

  test("is asked for consistent reads, unless what is a moment old is as good", async () => {
    const asked: unknown[] = [];
    const answer = { Responses: { table: [] }, Items: [] };
    const requestHandler = {
      async handle({ body }: { body: Uint8Array }) {
        const { RequestItems, ConsistentRead } = JSON.parse(Buffer.from(body).toString());
        asked.push(RequestItems === undefined ? ConsistentRead : RequestItems.table.ConsistentRead);
        const headers = { "content-type": "application/x-amz-json-1.0" };
        return { response: { statusCode: 200, headers, body: Readable.from([JSON.stringify(answer)]) } };
      },
    };
    const watched = new SdkTable({ name: "table", client: { ...server.client, requestHandler } });
    const key = { pk: "a", sk: "b" };
    await watched.getMany([key]);
    await watched.getMany([key], { eventually: true });
    await watched.query({ pk: "a" });
    await watched.query({ pk: "a", eventually: true });
    await watched.get(key);
    watched.close();
    expect(asked).toEqual([true, false, true, false, true]);
  });

  test("without the table: what to do", async () => {
    const store = await openDynamoStore({ table: "no-such-table", client: server.client });
    const error = await store.list(pods).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error.message).toMatch(/^DynamoDB: create the table first, or give the name of one that exists/);
    await store.close();
  });
});
