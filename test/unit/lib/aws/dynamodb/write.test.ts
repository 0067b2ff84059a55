/** What a writer makes of a transaction whose answer does not say what has become of it. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DynamoStore } from "../../../../../lib/aws/dynamodb/store.ts";
import {
  ConditionFailed,
  type Item,
  type ItemKey,
  keyOf,
  OutcomeUnknown,
  TableBusy,
  TableUnusable,
  type Write,
} from "../../../../../lib/aws/dynamodb/table.ts";
import {
  type Collection,
  KeyExists,
  RevisionCompacted,
  RevisionConflict,
  StoreUnavailable,
  ValueTooLarge,
} from "../../../../../lib/storage/interface.ts";
import { noFaults, SimulatedConnection, SimulatedTable } from "../../../../sim/store-table.ts";
import { processClock, World } from "../../../../sim/store-world.ts";
import { payloadOf, value } from "../../../../suites/store-model.ts";

const pods: Collection = { cluster: "prod", group: "", resource: "pods" };
const day = 86_400_000;

type Transact = (writes: readonly Write[]) => Promise<void>;

/** What happens to transactions, the first of them alone. */
let fault: ((commit: Transact, writes: readonly Write[]) => Promise<void>) | undefined;
/** That have come so far. */
let requests: number;
let world: World;
let table: SimulatedTable;
let store: DynamoStore;

/** As DynamoDB refuses keys. */
function checkKey({ pk, sk }: ItemKey): void {
  if (Buffer.byteLength(pk) > 2048 || Buffer.byteLength(sk) > 1024) throw new TableUnusable("ValidationException");
}

class FaultyConnection extends SimulatedConnection {
  override async get(key: ItemKey): Promise<Item | undefined> {
    requests++;
    checkKey(key);
    return super.get(key);
  }

  override async write(write: Write): Promise<Item | undefined> {
    requests++;
    return super.write(write);
  }

  override async transact(writes: readonly Write[]): Promise<void> {
    requests++;
    for (const write of writes) checkKey(keyOf(write));
    const now = fault;
    fault = undefined;
    const commit: Transact = (some) => super.transact(some);
    return now === undefined ? commit(writes) : now(commit, writes);
  }
}

beforeEach(() => {
  fault = undefined;
  requests = 0;
  world = new World(1);
  table = new SimulatedTable(world);
  const connection = new FaultyConnection(table, noFaults);
  store = new DynamoStore(connection, { clock: processClock(world, () => true), random: world.random });
});
afterEach(() => store.close());

/** The outcome of something that needs virtual time to pass. */
const within = <T>(promise: Promise<T>) => world.within(promise, day);

/** The changes that everybody who watches is told of. */
const logged = () =>
  table
    .all()
    .filter(({ t }) => t === "log")
    .sort((a, b) => Number(a.r) - Number(b.r))
    .map(({ c }) => c);

const faults: { name: string; fault: typeof fault }[] = [
  {
    name: "commits, and no answer comes",
    async fault(commit, writes) {
      await commit(writes);
      throw new OutcomeUnknown("timeout");
    },
  },
  {
    name: "commits, and its repetition says that a condition failed",
    async fault(commit, writes) {
      await commit(writes);
      throw new ConditionFailed("the transaction was cancelled");
    },
  },
  {
    name: "is lost",
    async fault() {
      throw new OutcomeUnknown("timeout");
    },
  },
  {
    name: "comes after its writer has given it up",
    async fault(commit, writes) {
      void world.sleep(3_000).then(() => commit(writes).catch(() => {}));
      throw new OutcomeUnknown("timeout");
    },
  },
  {
    name: "is refused since the table is busy",
    async fault() {
      throw new TableBusy("throttled");
    },
  },
];

describe.each(faults)("a transaction that $name", (one) => {
  test("of a creation is one creation", async () => {
    fault = one.fault;
    const revision = await within(store.create(pods, "a/x", value("1")));
    await within(world.sleep(60_000));
    expect((await within(store.get(pods, "a/x")))?.revision).toBe(revision);
    expect(logged()).toEqual(["created"]);
    await expect(within(store.create(pods, "a/x", value("2")))).rejects.toThrow(KeyExists);
  });

  test("of many creations is one creation each", async () => {
    fault = one.fault;
    const objects = ["a/x", "a/y", "a/z"].map((key) => ({ key, value: value(key) }));
    const revisions = await within(store.createMissing(pods, objects));
    await within(world.sleep(60_000));
    const { items } = await within(store.list(pods));
    expect(items.map(({ key, revision }) => ({ key, revision }))).toEqual(
      objects.map(({ key }, n) => ({ key, revision: revisions[n] })),
    );
    expect(logged()).toEqual(["created", "created", "created"]);
  });

  test("of an update is one update", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    fault = one.fault;
    const second = await within(store.update(pods, "a/x", first, value("2")));
    await within(world.sleep(60_000));
    expect((await within(store.get(pods, "a/x")))?.revision).toBe(second);
    expect(logged()).toEqual(["created", "updated"]);
    await expect(within(store.update(pods, "a/x", first, value("3")))).rejects.toThrow(RevisionConflict);
  });

  test("of a deletion is one deletion", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    fault = one.fault;
    await within(store.delete(pods, "a/x", first, value("2")));
    await within(world.sleep(60_000));
    expect(await within(store.get(pods, "a/x"))).toBeUndefined();
    expect(logged()).toEqual(["created", "deleted"]);
  });
});

test("many creations of which others make one now are one creation each, and no ticket is left open", async () => {
  fault = async (commit, writes) => {
    await new DynamoStore(new SimulatedConnection(table, noFaults), {
      clock: processClock(world, () => true),
      random: world.random,
    }).create(pods, "a/y", value("theirs"));
    return commit(writes);
  };
  const objects = ["a/x", "a/y", "a/z"].map((key) => ({ key, value: value("ours") }));
  const revisions = await within(store.createMissing(pods, objects));
  expect(revisions.map((revision) => revision > 0)).toEqual([true, false, true]);
  const { items, revision } = await within(store.list(pods));
  expect(items.map(payloadOf)).toEqual(["ours", "theirs", "ours"]);
  expect(await within(store.revision(pods))).toBe(revision);
  expect(table.all().filter(({ t }) => t === "void")).toHaveLength(3);
});

test("many creations take few requests, and their history is forgotten by one write where nothing is open in it", async () => {
  const named = (name: string) => Array.from({ length: 60 }, (_, n) => ({ key: `${name}/${n}`, value: value("1") }));
  const newest = Math.max(...(await within(store.createMissing(pods, named("a")))));
  // Tickets for 49 and 11, their transactions, and the collection's place in its cluster's list.
  expect(requests).toBe(6);
  requests = 0;
  await within(store.compact(pods, newest));
  expect(requests).toBe(1);
  const { signal } = new AbortController();
  const watch = store.watch(pods, { after: newest - 1, signal })[Symbol.asyncIterator]();
  await expect(within(watch.next())).rejects.toThrow(RevisionCompacted);
  // A ticket of somebody who is gone: what comes after it is settled when it is void.
  table.write({ update: { pk: "prod//pods#rev", sk: "-" }, add: { rev: 1 } });
  const later = await within(store.createMissing(pods, named("b")));
  await within(store.compact(pods, Math.max(...later)));
  expect(table.history.get(newest + 1)).toMatchObject({ t: "void" });
});

test("a table that is throttled for good is told, and nothing is written", async () => {
  const busy: typeof fault = async () => {
    fault = busy;
    throw new TableBusy("throttled");
  };
  fault = busy;
  await expect(within(store.create(pods, "a/x", value("1")))).rejects.toThrow(StoreUnavailable);
  expect(logged()).toEqual([]);
});

test("names that DynamoDB has no room for name nothing, and nothing can be called so", async () => {
  const long = `a/${"x".repeat(1_023)}`;
  expect(await within(store.get(pods, long))).toBeUndefined();
  await expect(within(store.create(pods, long, value("1")))).rejects.toThrow(ValueTooLarge);
  const owned = value("1", { owners: ["u".repeat(2_048)] });
  await expect(within(store.create(pods, "a/x", owned))).rejects.toThrow(ValueTooLarge);
  expect(logged()).toEqual([]);
  const longest = `a/${"x".repeat(1_022)}`;
  await within(store.create(pods, longest, value("1")));
  expect(await within(store.get(pods, longest))).toBeDefined();
});
