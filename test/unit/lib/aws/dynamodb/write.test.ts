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
  RevisionConflict,
  StoreUnavailable,
  ValueTooLarge,
} from "../../../../../lib/storage/interface.ts";
import { noFaults, SimulatedConnection, SimulatedTable } from "../../../../sim/store-table.ts";
import { processClock, World } from "../../../../sim/store-world.ts";
import { value } from "../../../../suites/store-model.ts";

const pods: Collection = { cluster: "prod", group: "", resource: "pods" };
const day = 86_400_000;

type Transact = (writes: readonly Write[]) => Promise<void>;

/** What happens to transactions, the first of them alone. */
let fault: ((commit: Transact, writes: readonly Write[]) => Promise<void>) | undefined;
let world: World;
let table: SimulatedTable;
let store: DynamoStore;

/** As DynamoDB refuses keys. */
function checkKey({ pk, sk }: ItemKey): void {
  if (Buffer.byteLength(pk) > 2048 || Buffer.byteLength(sk) > 1024) throw new TableUnusable("ValidationException");
}

class FaultyConnection extends SimulatedConnection {
  override async get(key: ItemKey): Promise<Item | undefined> {
    checkKey(key);
    return super.get(key);
  }

  override async transact(writes: readonly Write[]): Promise<void> {
    for (const write of writes) checkKey(keyOf(write));
    const now = fault;
    fault = undefined;
    const commit: Transact = (some) => super.transact(some);
    return now === undefined ? commit(writes) : now(commit, writes);
  }
}

beforeEach(() => {
  fault = undefined;
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
