/** What is in the table after some writes: others (the stream's consumer, a second writer) rely on it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attribute, Layout } from "../../../../../lib/aws/dynamodb/layout.ts";
import { DynamoStore } from "../../../../../lib/aws/dynamodb/store.ts";
import { ConditionFailed, type Item, TableUnusable } from "../../../../../lib/aws/dynamodb/table.ts";
import { type Collection, RevisionCompacted, StoreUnavailable } from "../../../../../lib/storage/interface.ts";
import { noFaults, SimulatedConnection, SimulatedTable } from "../../../../sim/store-table.ts";
import { processClock, World } from "../../../../sim/store-world.ts";
import { payloadOf, value } from "../../../../suites/store-model.ts";

const pods: Collection = { cluster: "prod", group: "", resource: "pods" };
const layout = new Layout(pods);
const minute = 60_000;
const day = 1440 * minute;

let world: World;
let table: SimulatedTable;
let connection: SimulatedConnection;
let store: DynamoStore;

beforeEach(() => {
  world = new World(1);
  table = new SimulatedTable(world);
  connection = new SimulatedConnection(table, noFaults);
  store = new DynamoStore(connection, { clock: processClock(world, () => true), random: world.random });
});
afterEach(() => store.close());

/** The outcome of something that needs virtual time to pass. */
const within = <T>(promise: Promise<T>) => world.within(promise, day);

/** Lets time pass. */
async function pass(ms: number): Promise<void> {
  await within(world.sleep(ms));
}

const logItem = (revision: number) => table.get(layout.log(revision, 1));
const seconds = (ms: number) => Math.ceil((world.now() + ms) / 1000);

describe("items", () => {
  test("every key begins with the cluster's name, every item says what it is", async () => {
    await within(store.create(pods, "a/x", value("1", { owners: ["u1"] })));
    await within(store.create({ ...pods, group: "apps", resource: "deployments" }, "a/y", value("1")));
    await pass(2_000);
    const items = table.all();
    expect(items.filter(({ pk }) => !/^prod[/#]/.test(pk))).toEqual([]);
    const kinds = new Set(items.map((item) => item[attribute.type]));
    expect(kinds).toEqual(new Set(["object", "log", "counter", "owner", "collection"]));
  });

  test("an entry gets its expiry when it is superseded; the current one has none", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    expect(logItem(first)?.[attribute.expires]).toBeUndefined();
    const second = await within(store.update(pods, "a/x", first, value("2")));
    const expires = Number(logItem(first)?.[attribute.expires]);
    expect(Math.abs(expires - seconds(day + 5 * minute))).toBeLessThanOrEqual(1);
    expect(logItem(second)?.[attribute.expires]).toBeUndefined();
    const third = await within(store.delete(pods, "a/x", second, value("3")));
    expect(logItem(second)?.[attribute.expires]).toBeDefined();
    expect(logItem(third)?.[attribute.expires]).toBeDefined();
  });

  test("a deletion leaves a tombstone, which a list removes when no ticket can be older", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    const second = await within(store.delete(pods, "a/x", first, value("1")));
    await pass(20_000);
    await within(store.list(pods));
    expect(table.get(layout.object("a/x"))).toMatchObject({ r: second, dead: 1 });
    await pass(2 * minute);
    await within(store.list(pods));
    await pass(2_000);
    await within(store.list(pods));
    expect(table.get(layout.object("a/x"))).toBeUndefined();
    expect(await within(store.create(pods, "a/x", value("2")))).toBeGreaterThan(second);
  });

  test("a ticket nobody used becomes a void, not a change", async () => {
    await within(store.create(pods, "a/x", value("1")));
    // A writer that died between its two steps.
    await within(connection.write({ update: layout.counter(), add: { rev: 1 } }));
    const begun = world.now();
    expect(await within(store.revision(pods))).toBe(3);
    expect(world.now() - begun).toBeGreaterThanOrEqual(500);
    expect(logItem(3)).toMatchObject({ t: "void", r: 3 });
    expect(await within(store.logEntry(pods, 3))).toBeUndefined();
  });

  test("a refused write voids its own ticket at once", async () => {
    await within(store.create(pods, "a/x", value("1")));
    await expect(within(store.create(pods, "a/x", value("2")))).rejects.toThrow("exists");
    const begun = world.now();
    expect(await within(store.revision(pods))).toBe(3);
    expect(world.now() - begun).toBeLessThan(100);
  });

  test("a large text is in chunks, which expire with their version", async () => {
    const noise = Array.from({ length: 150_000 }, () => Math.floor(world.random.number() * 2 ** 32).toString(36)).join(
      "",
    );
    const first = await within(store.create(pods, "a/x", value(noise)));
    const object = table.get(layout.object("a/x")) as Item;
    const chunks = Number(object[attribute.chunks]);
    expect(chunks).toBeGreaterThan(1);
    expect(object[attribute.text]).toBeUndefined();
    for (const item of table.all()) {
      const text = item[attribute.text];
      if (typeof text === "object") expect(text.length).toBeLessThanOrEqual(350_000);
    }
    expect(payloadOf(await within(store.get(pods, "a/x"))) === noise).toBe(true);
    await within(store.update(pods, "a/x", first, value("small")));
    for (let part = 0; part < chunks; part++) {
      expect(table.get(layout.chunk(first, part))?.[attribute.expires]).toBeDefined();
    }
  });
});

describe("history", () => {
  test("is kept for five to ten minutes while somebody reads or writes", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    let last = await within(store.update(pods, "a/x", first, value("2")));
    await pass(4 * minute);
    last = await within(store.update(pods, "a/x", last, value("3")));
    expect((await within(store.list(pods, { revision: first }))).items).toHaveLength(1);
    for (let n = 0; n < 3; n++) {
      await pass(4 * minute);
      last = await within(store.update(pods, "a/x", last, value("4")));
    }
    await pass(1_000);
    await expect(within(store.list(pods, { revision: first }))).rejects.toBeInstanceOf(RevisionCompacted);
    expect((await within(store.list(pods))).revision).toBe(last);
  });

  test("reaches no further back than it is kept, but a version that was just replaced can be read for a day", async () => {
    const old = await within(store.create(pods, "a/old", value("1")));
    let other = await within(store.create(pods, "a/other", value("1")));
    for (let n = 0; n < 4; n++) {
      await pass(6 * minute);
      other = await within(store.update(pods, "a/other", other, value("2")));
    }
    await within(store.update(pods, "a/old", old, value("2")));
    expect(await within(store.logEntry(pods, old))).toBeUndefined();
    expect(payloadOf(await within(store.replacedEntry(pods, old)))).toBe("1");
    for (let n = 0; n < 4; n++) await pass(day / 2);
    for (let n = 0; n < 20; n++) table.expire();
    expect(await within(store.replacedEntry(pods, old))).toBeUndefined();
    expect(await within(store.replacedEntry(pods, 1_000))).toBeUndefined();
  });

  test("of a collection that nobody touches is forgotten by tend", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    const last = await within(store.update(pods, "a/x", first, value("2")));
    await pass(11 * minute);
    await within(store.tend("prod"));
    expect(table.get(layout.counter())).toMatchObject({ compacted: last });
  });

  test("is seen to in two requests where there is nothing to forget, and in one write where there is", async () => {
    const all = ["pods", "nodes", "services"].map((resource) => ({ ...pods, resource }));
    for (const collection of all) await within(store.create(collection, "a/x", value("1")));
    await pass(11 * minute);
    await within(store.tend("prod"));
    await pass(2_000);
    const asked = requestsOf(connection);
    await within(store.tend("prod"));
    expect(asked.splice(0)).toEqual(["query", "getMany"]);
    const first = await within(store.create(pods, "a/y", value("1")));
    await pass(11 * minute);
    asked.length = 0;
    await within(store.tend("prod"));
    expect(asked.filter((method) => method === "write")).toHaveLength(1);
    expect(table.get(layout.counter())).toMatchObject({ compacted: first });
  });
});

describe("a write that comes when history is to be forgotten", () => {
  test("sees to that with the counter that it has, in the background", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    await pass(6 * minute);
    const asked = requestsOf(connection);
    const second = await within(store.update(pods, "a/x", first, value("2")));
    await pass(2_000);
    expect(asked.splice(0)).toEqual(["write", "transact", "getMany", "write"]);
    await pass(6 * minute);
    await within(store.update(pods, "a/x", second, value("3")));
    await pass(2_000);
    expect(asked).toEqual(["write", "transact", "getMany", "write"]);
    expect(table.get(layout.counter())).toMatchObject({ compacted: second });
  });
});

describe("a glance", () => {
  test("tells the newest revisions in one request", async () => {
    const nodes = { ...pods, resource: "nodes" };
    const last = await within(store.create(pods, "a/x", value("1")));
    await pass(2_000);
    const asked = requestsOf(connection);
    const none = await within(store.revision({ ...pods, resource: "none" }));
    asked.length = 0;
    expect(await within(store.glance([pods, nodes, pods]))).toEqual([last, none, last]);
    expect(asked).toEqual(["getMany"]);
  });
});

/** The methods that are called from now on. */
function requestsOf(asked: SimulatedConnection): string[] {
  const methods: string[] = [];
  for (const method of ["get", "getMany", "query", "write", "transact"] as const) {
    const call = asked[method].bind(asked) as (...given: unknown[]) => Promise<never>;
    asked[method] = (...given: unknown[]) => {
      methods.push(method);
      return call(...given);
    };
  }
  return methods;
}

test("an unusable table is told with what to do", async () => {
  connection.get = () => Promise.reject(new TableUnusable("create the table first"));
  const error = await within(store.list(pods)).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(StoreUnavailable);
  expect(error.message).toBe("create the table first");
});

test("a table that stays silent is told after a while", async () => {
  connection.faults = { ...noFaults, lostRequest: 1 };
  const begun = world.now();
  const error = await within(store.create(pods, "a/x", value("1"))).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(StoreUnavailable);
  expect(error.message).toMatch(/does not answer/);
  expect(world.now() - begun).toBeLessThan(30_000);
});

test("the simulated table keeps conditions as DynamoDB does", async () => {
  const put = { put: { pk: "p", sk: "s", n: 1 }, when: [[{ absent: "pk" }]] };
  await within(connection.write(put));
  await expect(within(connection.write(put))).rejects.toBeInstanceOf(ConditionFailed);
});
