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

/**
 * Areas one after the other on a DynamoDB Local of their own: many tables in one make each other slow. Two of these,
 * since one waits for the table while the other computes.
 */
interface Lane {
  readonly dynamodb: DynamoDBLocal;
  readonly open: (table: string) => Promise<CorpusServer>;
  last: Promise<unknown>;
}

const lanes: Lane[] = [];

beforeAll(async () => {
  for (let n = 0; n < 2; n++) {
    const dynamodb = await startDynamoDBLocal();
    lanes.push({ dynamodb, open: await functionServers(dynamodb), last: Promise.resolve() });
  }
}, 5 * minutes);

afterAll(async () => {
  for (const { dynamodb } of lanes) await dynamodb.stop();
});

const numbered = areas().map((area, index) => ({ area, index }));

test.concurrent.each(numbered)("$area is answered through the function as in memory", {
  timeout: 20 * minutes,
}, async ({ area, index }) => {
  const lane = lanes[index % lanes.length];
  const replay = lane.last.then(() => replayArea(area, "", () => lane.open(`area-${area}`)));
  lane.last = replay.catch(() => undefined);
  const outcomes = await replay;
  const different = outcomes.filter(({ id, difference }) => difference !== undefined && !(id in listed));
  expect(different, "cases that differ through the function, and not in memory").toEqual([]);
  const even = outcomes.filter(({ id, difference }) => difference === undefined && id in ofTheCloud);
  expect(even, "cases that are equal now: take them off the list of this file").toEqual([]);
});
