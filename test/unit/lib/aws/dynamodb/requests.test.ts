/** How many requests calls take, and how many of them one after the other: what they cost and how long they last. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DynamoStore } from "../../../../../lib/aws/dynamodb/store.ts";
import type { Table } from "../../../../../lib/aws/dynamodb/table.ts";
import type { Collection } from "../../../../../lib/storage/interface.ts";
import { noFaults, SimulatedConnection, SimulatedTable } from "../../../../sim/store-table.ts";
import { processClock, World } from "../../../../sim/store-world.ts";
import { value } from "../../../../suites/store-model.ts";

const pods: Collection = { cluster: "prod", group: "", resource: "pods" };
const roles: Collection = { cluster: "prod", group: "rbac.authorization.k8s.io", resource: "roles" };

let world: World;
let table: SimulatedTable;
let store: DynamoStore;
/** Requests so far, and how many of them had to wait for one that was counted. */
let requests: number;
let rounds: number;

/** A process of its own. */
function newStore(): DynamoStore {
  let ended = 0;
  let roundBegan = 0;
  const connection = new SimulatedConnection(table, noFaults);
  const counted = new Proxy<Table>(connection, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || name === "close") return member;
      return async (...args: unknown[]) => {
        requests++;
        if (rounds === 0 || ended > roundBegan) {
          rounds++;
          roundBegan = ended;
        }
        try {
          return await Reflect.apply(member, target, args);
        } finally {
          ended++;
        }
      };
    },
  });
  return new DynamoStore(counted, { clock: processClock(world, () => true), random: world.random });
}

beforeEach(() => {
  world = new World(1);
  table = new SimulatedTable(world);
  requests = 0;
  rounds = 0;
  store = newStore();
});
afterEach(() => store.close());

const within = <T>(promise: Promise<T>) => world.within(promise, 60_000);

/** What a call takes. */
async function taken(call: () => Promise<unknown>) {
  requests = 0;
  rounds = 0;
  await within(call());
  return { requests, rounds };
}

/** Until what was written is written down as settled. */
async function settle(): Promise<void> {
  for (let n = 0; n < 3; n++) {
    await within(store.list(pods));
    await within(world.sleep(2_000));
  }
}

describe("of one object", () => {
  test("a get is one request, a creation or an update two", async () => {
    const first = await within(store.create(pods, "a/x", value("1")));
    expect(await taken(() => store.get(pods, "a/x"))).toEqual({ requests: 1, rounds: 1 });
    expect(await taken(() => store.create(pods, "a/y", value("1")))).toEqual({ requests: 2, rounds: 2 });
    expect(await taken(() => store.update(pods, "a/x", first, value("2")))).toEqual({ requests: 2, rounds: 2 });
  });
});

describe("a list", () => {
  test("is the counter and the objects", async () => {
    await within(store.create(pods, "a/x", value("1")));
    await settle();
    expect(await taken(() => store.list(pods))).toEqual({ requests: 2, rounds: 2 });
  });

  test("reads what was written of late beside the objects", async () => {
    await within(store.create(pods, "a/x", value("1")));
    const other = newStore();
    expect(await taken(() => other.list(pods))).toEqual({ requests: 3, rounds: 2 });
  });
});

describe("revisions", () => {
  test("of several collections are one request, after a look at what was written of late", async () => {
    await within(store.create(pods, "a/x", value("1")));
    await within(store.create(roles, "a/x", value("1")));
    const other = newStore();
    const all = () => other.revisions([pods, roles, pods]);
    expect(await taken(all)).toEqual({ requests: 4, rounds: 2 });
    expect(await taken(all)).toEqual({ requests: 1, rounds: 1 });
    const newest = await within(store.create(roles, "a/y", value("1")));
    expect(await within(all())).toEqual([2, newest, 2]);
  });
});
