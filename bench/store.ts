/**
 * What the stores can do by themselves, without HTTP: both drivers, 10 at once, objects of 1 KB. The DynamoDB driver
 * runs on DynamoDB Local, which shows its own cost and its number of requests, not the cloud's speed.
 *
 *   node bench/store.ts             both
 *   node bench/store.ts sqlite      one
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDynamoStore } from "../lib/aws/dynamodb/open.ts";
import type { Collection, Store, Value } from "../lib/storage/interface.ts";
import { openSqliteStore } from "../lib/storage/sqlite/store.ts";
import { startDynamoDBLocal } from "../test/support/dynamodb-local.ts";
import { type Row, table } from "./row.ts";

const collection: Collection = { cluster: "default", group: "", resource: "configmaps" };
const workers = 10;
const watchers = 20;

/** A ConfigMap of 1 KB that compresses as such things do. */
function configMap(name: string): Value {
  const data = Array.from({ length: 24 }, (_, n) => `"key-${n}":"value ${Math.random().toString(36).slice(2)}"`);
  return {
    text: (revision) =>
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}","namespace":"default",` +
      `"resourceVersion":"${revision}","labels":{"app":"bench"}},"data":{${data.join(",")}}}`,
    labels: { app: "bench" },
    fields: {},
    owners: [],
  };
}

/** Runs `count` jobs, ten at once; how many a second. */
async function rate(count: number, job: (n: number) => Promise<unknown>, atOnce = workers): Promise<number> {
  let next = 0;
  const begun = performance.now();
  const work = async () => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return (count / (performance.now() - begun)) * 1000;
}

/** Milliseconds from the begin of a write to its event, the median of 20 watches and `writes` writes. */
async function watchLatency(store: Store, writes: number): Promise<number> {
  const controller = new AbortController();
  const begunAt = new Map<string, number>();
  const latencies: number[] = [];
  const after = await store.revision(collection);
  const watches = Array.from({ length: watchers }, async () => {
    for await (const { entries } of store.watch(collection, { after, signal: controller.signal })) {
      for (const { key } of entries) latencies.push(performance.now() - (begunAt.get(key) ?? 0));
    }
  });
  for (let n = 0; n < writes; n++) {
    const key = `watched/${n}`;
    begunAt.set(key, performance.now());
    await store.create(collection, key, configMap(key));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  while (latencies.length < writes * watchers) await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort();
  await Promise.all(watches);
  return latencies.sort((a, b) => a - b)[latencies.length >> 1] ?? 0;
}

/** All figures of a store; `scale` makes the slower one do less. */
async function measure(name: string, store: Store, scale: number): Promise<Row[]> {
  const key = (n: number) => `default/cm-${String(n).padStart(5, "0")}`;
  const revisions: number[] = [];
  const objects = 1000;
  const row = (what: string, value: number, unit: string): Row => ({ name: `${name}: ${what}`, value, unit });
  const create = await rate(objects, async (n) => {
    revisions[n] = await store.create(collection, key(n), configMap(key(n)));
  });
  const get = await rate(20_000 * scale, (n) => store.get(collection, key(n % objects)));
  const update = await rate(objects * scale, async (n) => {
    revisions[n] = await store.update(collection, key(n), revisions[n] ?? 0, configMap(key(n)));
  });
  const list = await rate(200 * scale, () => store.list(collection, { prefix: "default/" }), 1);
  const alone = await rate(300 * scale, (n) => store.create(collection, `alone/${n}`, configMap(`${n}`)), 1);
  const latency = await watchLatency(store, 100 * scale);
  return [
    row("create, 10 at once", create, "/s"),
    row("create, one after the other", alone, "/s"),
    row("update, 10 at once", update, "/s"),
    row("get, 10 at once", get, "/s"),
    row("list of 1,000", list, "/s"),
    row("watch event with 20 watchers, p50", latency, "ms"),
  ];
}

async function sqlite(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "coracle-bench-"));
  const store = await openSqliteStore({ file: join(folder, "store.db") });
  try {
    return await measure("sqlite", store, 1);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

async function dynamodb(): Promise<Row[]> {
  const server = await startDynamoDBLocal();
  const store = await openDynamoStore({ table: "bench", client: server.client, create: true });
  try {
    return await measure("dynamodb", store, 0.1);
  } finally {
    await store.close();
    await server.stop();
  }
}

const drivers: Record<string, () => Promise<Row[]>> = { sqlite, dynamodb };

/** The figures of the drivers named, or of all. */
export async function store(names: readonly string[] = Object.keys(drivers)): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of names) {
    console.error(`running store ${name} ...`);
    rows.push(...((await drivers[name]?.()) ?? []));
  }
  return rows;
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  console.log(table(await store(names.length > 0 ? names : undefined)));
}
