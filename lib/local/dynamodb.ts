/** The DynamoDB store for `up --store dynamodb`. */
import { openDynamoStore as open } from "../aws/dynamodb/open.ts";
import type { Store } from "../storage/interface.ts";
import type { UpOptions } from "./up-options.ts";

/** Opens the table; makes it where it is missing. */
export function openDynamoStore({ table, endpoint }: UpOptions): Promise<Store> {
  return open({ table, create: true, client: endpoint === undefined ? {} : { endpoint } });
}
