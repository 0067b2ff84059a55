/** Opens a store on a DynamoDB table. */
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { createTable } from "./create-table.ts";
import { translate } from "./options.ts";
import { classify } from "./sdk-errors.ts";
import { SdkTable } from "./sdk-table.ts";
import { DynamoStore, type DynamoStoreOptions } from "./store.ts";

/** How a DynamoDB store is opened. */
export interface OpenDynamoStoreOptions extends DynamoStoreOptions {
  readonly table: string;
  /** Region, endpoint, credentials; the SDK's own defaults where nothing is said. */
  readonly client?: DynamoDBClientConfig;
  /** Makes the table unless it is there. @default false */
  readonly create?: boolean;
}

/**
 * Opens the store. Nothing is read yet: an unusable table shows at the first use, with `create` at once. Throws
 * StoreUnavailable.
 */
export async function openDynamoStore({
  table,
  client = {},
  create,
  ...options
}: OpenDynamoStoreOptions): Promise<DynamoStore> {
  if (create) {
    await createTable(table, client).catch((error) => {
      throw translate(classify(error));
    });
  }
  return new DynamoStore(new SdkTable({ name: table, client }), options);
}
