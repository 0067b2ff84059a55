/** The corpus through λ api: API Gateway's events, the function, DynamoDB. What is equal on SQLite is equal there. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DynamoDBLocal, startDynamoDBLocal } from "../support/dynamodb-local.ts";
import { areas } from "./cases.ts";
import { functionServers } from "./function-server.ts";
import { notEqual } from "./not-equal.ts";
import { replayArea } from "./replay-area.ts";
import type { CorpusServer } from "./server.ts";

/** What is another way in the cloud, and why. */
const ofTheCloud: Readonly<Record<string, string>> = {
  "others/fresh: endpoints of the service kubernetes":
    "API Gateway has no address of its own, so the Service has no endpoints, as with --endpoint-reconciler-type=none",
};

const minutes = 60_000;
const listed = { ...notEqual(), ...ofTheCloud };
let dynamodb: DynamoDBLocal;
let open: (table: string) => Promise<CorpusServer>;

beforeAll(async () => {
  dynamodb = await startDynamoDBLocal();
  open = await functionServers(dynamodb);
}, 5 * minutes);

afterAll(() => dynamodb?.stop());

// Several at a time: one waits for the table while another computes.
test.concurrent.each(areas())("%s is answered through the function as in memory", {
  timeout: 15 * minutes,
}, async (area) => {
  const outcomes = await replayArea(area, "", () => open(`area-${area}`));
  const different = outcomes.filter(({ id, difference }) => difference !== undefined && !(id in listed));
  expect(different, "cases that differ through the function, and not in memory").toEqual([]);
  const even = outcomes.filter(({ id, difference }) => difference === undefined && id in ofTheCloud);
  expect(even, "cases that are equal now: take them off the list of this file").toEqual([]);
});
