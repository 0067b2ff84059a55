/**
 * The corpus' server as λ api is it: every request becomes an event of API Gateway, which the function answers from a
 * table in DynamoDB Local.
 */
import { generateKeyPairSync } from "node:crypto";
import {
  BatchWriteItemCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ScanCommand,
  type ScanCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { Answerer, bufferedLimits } from "../../lambdas/wiring/answer.ts";
import { openClusters } from "../../lambdas/wiring/cluster.ts";
import { readEnvironment } from "../../lambdas/wiring/environment.ts";
import type { ServerRequest, ServerResponse } from "../../lib/apimachinery/http.ts";
import { createTable } from "../../lib/aws/dynamodb/create-table.ts";
import type { RestApiEvent } from "../../lib/aws/http/event.ts";
import type { DynamoDBLocal } from "../support/dynamodb-local.ts";
import { adminToken } from "./run.ts";
import type { CorpusServer } from "./server.ts";

type Items = NonNullable<ScanCommandOutput["Items"]>;

const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
/**
 * The recorded watches lasted a second or two, in which all their events came. Where many tests share the machine, the
 * table answers late: watches may last longer, and after an event the next ones have a while to come.
 */
const longer = (seconds: string) => (Number(seconds) > 0 ? String(Number(seconds) * 5) : seconds);
const settleMs = 2_500;
const invocation = { getRemainingTimeInMillis: () => 29_000 };

function clustersOf({ client }: DynamoDBLocal, table: string) {
  const environment = readEnvironment({
    TABLE_NAME: table,
    API_URL: "https://192.0.2.2:6443",
    WATCH_MODE: "buffered",
    BUFFERED_WATCH_SECONDS: "20",
    SIGNING_KEY_PEM: key.export({ type: "pkcs8", format: "pem" }).toString(),
    ADMIN_TOKEN: adminToken,
  });
  return openClusters(environment, { store: { client } });
}

/** Opens functions, each on a table of its own. The fresh cluster's objects are written once and copied. */
export async function functionServers(dynamodb: DynamoDBLocal): Promise<(table: string) => Promise<CorpusServer>> {
  const sdk = new DynamoDBClient(dynamodb.client);
  await createTable("fresh", dynamodb.client);
  const fresh = clustersOf(dynamodb, "fresh");
  await fresh.get("default");
  await fresh.close();
  const items: Items = [];
  for (let ExclusiveStartKey: ScanCommandOutput["LastEvaluatedKey"]; ; ) {
    const page = await sdk.send(new ScanCommand({ TableName: "fresh", ConsistentRead: true, ExclusiveStartKey }));
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
    if (!ExclusiveStartKey) break;
  }
  return async (table) => {
    await createTable(table, dynamodb.client);
    await write(sdk, table, items);
    const server = functionServer(dynamodb, table);
    const close = async () => {
      await server.close();
      // All tables of DynamoDB Local are one database, which slows down as it grows.
      await sdk.send(new DeleteTableCommand({ TableName: table }));
    };
    return { ...server, close };
  };
}

async function write(sdk: DynamoDBClient, table: string, items: Items): Promise<void> {
  for (let from = 0; from < items.length; from += 25) {
    const puts = items.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }));
    const { UnprocessedItems = {} } = await sdk.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
    if (Object.keys(UnprocessedItems).length > 0) throw new Error("DynamoDB Local did not take all items");
  }
}

function functionServer(dynamodb: DynamoDBLocal, table: string): CorpusServer {
  const clusters = clustersOf(dynamodb, table);
  const answerer = new Answerer(clusters, { ...bufferedLimits, settleMs });
  return {
    handle: async (request) => responseOf(await answerer.buffered(await eventOf(request), invocation)),
    close: () => clusters.close(),
  };
}

async function eventOf(request: ServerRequest): Promise<RestApiEvent> {
  const [path, query = ""] = request.path.split(/\?(.*)/s);
  const values: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) values[name] = [...(values[name] ?? []), value];
  if (values.timeoutSeconds) values.timeoutSeconds = values.timeoutSeconds.map(longer);
  const body = Buffer.from(await request.bytes(Number.POSITIVE_INFINITY));
  return {
    httpMethod: request.method,
    path,
    multiValueHeaders: Object.fromEntries(request.headerNames().map((name) => [name, request.headerValues(name)])),
    multiValueQueryStringParameters: values,
    body: body.length === 0 ? null : body.toString("base64"),
    isBase64Encoded: body.length > 0,
    requestContext: { identity: { sourceIp: "198.51.100.7" } },
  };
}

function responseOf(result: Awaited<ReturnType<Answerer["buffered"]>>): ServerResponse {
  const { statusCode, multiValueHeaders = {}, body, isBase64Encoded } = result;
  return {
    status: statusCode,
    headers: multiValueHeaders,
    body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
  };
}
