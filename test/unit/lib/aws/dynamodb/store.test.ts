import { afterAll, beforeAll } from "vitest";
import { openDynamoStore } from "../../../../../lib/aws/dynamodb/open.ts";
import type { Store } from "../../../../../lib/storage/interface.ts";
import { type StoreDriver, storeSuite } from "../../../../suites/store.ts";
import { type DynamoDBLocal, startDynamoDBLocal } from "../../../../support/dynamodb-local.ts";

let server: DynamoDBLocal | undefined;
let tables = 0;
const tableOf = new Map<Store, string>();

beforeAll(async () => {
  server = await startDynamoDBLocal();
}, 300_000);
afterAll(() => server?.stop());

async function open(table: string): Promise<Store> {
  if (server === undefined) throw new Error("DynamoDB Local is started before the tests");
  const { client } = server;
  const store = await openDynamoStore({ table, client, create: true, partitions: () => 1 + (tables % 2) * 2 });
  tableOf.set(store, table);
  return store;
}

const driver: StoreDriver = {
  open: () => open(`table-${++tables}`),
  reopen: async (store) => {
    await store.close();
    return open(tableOf.get(store) ?? "");
  },
  cleanUp: async () => {},
};

storeSuite("DynamoDB", driver);
