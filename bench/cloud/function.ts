/**
 * The api function alone, under AWS' runtime client: how large it is, how long it takes to start, and what warm calls
 * take where nothing but the table is emulated.
 */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openClusters } from "../../lambdas/wiring/cluster.ts";
import { readEnvironment } from "../../lambdas/wiring/environment.ts";
import { createTable } from "../../lib/aws/dynamodb/create-table.ts";
import { SdkTable } from "../../lib/aws/dynamodb/sdk-table.ts";
import { bundle, putData } from "../../lib/cdk/bundle.ts";
import { startDynamoDBLocal } from "../../test/support/dynamodb-local.ts";
import { type LambdaFunction, startFunction } from "../../test/support/lambda-runtime.ts";
import { temporaryFolder } from "../control-plane.ts";
import type { Row } from "../row.ts";
import { median } from "./calls.ts";

const starts = 15;
const calls = 300;
const adminToken = "bench";

const environment = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  TABLE_NAME: "none",
  API_URL: "https://localhost/prod",
  SIGNING_KEY_ID: "none",
};

/** All of it. */
export async function apiFunction(): Promise<Row[]> {
  const { folder, remove } = temporaryFolder();
  try {
    const file = join(folder, "index.mjs");
    bundle("lambdas/api.ts", file);
    putData(["facts", "objects", "descriptions"], folder);
    return [
      { name: "api: bundle", value: statSync(file).size / 1_024, unit: "KiB" },
      { name: "api: bundle, compressed", value: gzipSync(readFileSync(file)).length / 1_024, unit: "KiB" },
      ...(await init(folder)),
      ...(await warm(folder)),
    ];
  } finally {
    remove();
  }
}

/** Nothing is asked of AWS before the first request, so that none is needed. */
async function init(folder: string): Promise<Row[]> {
  const times: number[] = [];
  for (let n = 0; n < starts; n++) {
    const started = await startFunction(folder, environment);
    times.push(started.initMs);
    await started.stop();
  }
  return [
    { name: "api: init, median", value: median(times), unit: "ms", goal: 250, atMost: true },
    { name: "api: init, best", value: Math.min(...times), unit: "ms" },
  ];
}

/** On DynamoDB Local, whose own time for what a get asks of it is told beside. */
async function warm(folder: string): Promise<Row[]> {
  const dynamodb = await startDynamoDBLocal();
  const { endpoint, credentials } = dynamodb.client;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const variables = {
    ...environment,
    AWS_REGION: dynamodb.client.region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    TABLE_NAME: "table",
    SIGNING_KEY_PEM: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ADMIN_TOKEN: adminToken,
    WATCH_MODE: "buffered",
  };
  const rows: Row[] = [];
  let started: LambdaFunction | undefined;
  try {
    await createTable("table", dynamodb.client);
    const clusters = openClusters(readEnvironment(variables), { store: { client: dynamodb.client } });
    const fresh = await time(() => clusters.get("default"));
    rows.push({ name: "a fresh cluster's objects", value: fresh, unit: "ms" });
    await clusters.close();
    started = await startFunction(folder, variables);
    rows.push(...(await warmCalls(started)));
    const table = new SdkTable({ name: "table", client: dynamodb.client });
    const key = { pk: "default//configmaps", sk: "default/warm" };
    rows.push({ name: "api: DynamoDB Local alone, a get", value: await each(() => table.get(key)), unit: "ms" });
    table.close();
    return rows;
  } finally {
    await started?.stop();
    await dynamodb.stop();
  }
}

async function warmCalls(started: LambdaFunction): Promise<Row[]> {
  const path = "/api/v1/namespaces/default/configmaps";
  const call = async (httpMethod: string, to: string, object?: object) => {
    const headers = { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" };
    const body = object === undefined ? null : JSON.stringify(object);
    const { whole, done } = started.invoke({ httpMethod, path: to, headers, body });
    const { statusCode } = JSON.parse(await whole);
    if (statusCode >= 300) throw new Error(`${httpMethod} ${to} is answered with ${statusCode}`);
    await done;
  };
  const object = { metadata: { name: "warm" } };
  await call("POST", path, object);
  let n = 0;
  const kinds = {
    get: () => call("GET", `${path}/warm`),
    list: () => call("GET", path),
    update: () => call("PUT", `${path}/warm`, { ...object, data: { n: String(++n) } }),
  };
  const rows: Row[] = [];
  for (const [kind, once] of Object.entries(kinds)) {
    const goal = kind === "get" ? { goal: 10, atMost: true } : {};
    rows.push({ name: `api: warm ${kind}, median`, value: await each(once), unit: "ms", ...goal });
  }
  return rows;
}

/** The median, one after the other. */
async function each(once: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < calls; n++) times.push(await time(once));
  // The first ones are not warm yet.
  return median(times.slice(calls / 10));
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
