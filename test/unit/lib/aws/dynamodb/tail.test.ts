import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DynamoStore } from "../../../../../lib/aws/dynamodb/store.ts";
import { TableBusy, TableUnusable } from "../../../../../lib/aws/dynamodb/table.ts";
import { type Collection, StoreUnavailable } from "../../../../../lib/storage/interface.ts";
import { noFaults, SimulatedConnection, SimulatedTable } from "../../../../sim/store-table.ts";
import { processClock, World } from "../../../../sim/store-world.ts";
import { Collector, value } from "../../../../suites/store-model.ts";

const pods: Collection = { cluster: "c", group: "", resource: "pods" };
const minute = 60_000;

let world: World;
let writer: DynamoStore;
let reader: DynamoStore;
let connection: SimulatedConnection;
let reads: number;

beforeEach(() => {
  world = new World(1);
  const table = new SimulatedTable(world);
  const clock = processClock(world, () => true);
  writer = new DynamoStore(new SimulatedConnection(table, noFaults), { clock, random: world.random });
  connection = new SimulatedConnection(table, noFaults);
  reader = new DynamoStore(connection, { clock, random: world.random });
  reads = 0;
  const get = connection.get.bind(connection);
  connection.get = (key) => {
    reads++;
    return get(key);
  };
});
afterEach(() => Promise.all([reader.close(), writer.close()]));

const within = <T>(promise: Promise<T>) => world.within(promise, 60 * minute);

describe("a watch's polling", () => {
  test("is slow while nothing happens, and one for all watches of a collection", async () => {
    const watches = [1, 2, 3].map(() => new Collector(reader, pods, 0));
    await within(world.sleep(minute));
    reads = 0;
    await within(world.sleep(minute));
    expect(reads).toBeGreaterThan(50);
    expect(reads).toBeLessThanOrEqual(60);
    await Promise.all(watches.map((watch) => watch.stop()));
  });

  test("goes on where the process was frozen between two watches, whatever has become of the poll under way", async () => {
    const get = connection.get;
    const first = new Collector(reader, pods, 0);
    await within(world.sleep(minute));
    const frozen = Promise.withResolvers<never>();
    let isHeld = false;
    connection.get = () => {
      isHeld = true;
      return frozen.promise;
    };
    await world.runUntil(() => isHeld, minute);
    await first.stop();
    connection.get = get;
    await within(world.sleep(minute));
    const second = new Collector(reader, pods, 0);
    await within(world.sleep(100));
    frozen.reject(new TableBusy("the connection is gone"));
    const revision = await within(writer.create(pods, "a", value("1")));
    await within(second.reached(revision));
    await second.stop();
  });

  test("is fast after something has happened", async () => {
    const watch = new Collector(reader, pods, 0);
    await within(world.sleep(minute));
    const first = await within(writer.create(pods, "a", value("1")));
    let begun = world.now();
    await within(watch.reached(first));
    expect(world.now() - begun).toBeLessThan(1_050);
    for (let n = 0; n < 10; n++) {
      const next = await within(writer.create(pods, `b${n}`, value("1")));
      begun = world.now();
      await within(watch.reached(next));
      expect(world.now() - begun).toBeLessThan(120);
    }
    await watch.stop();
  });

  test("happens at once after a write of the same process", async () => {
    const watch = new Collector(reader, pods, 0);
    await within(world.sleep(minute));
    const first = await within(reader.create(pods, "a", value("1")));
    const begun = world.now();
    await within(watch.reached(first));
    expect(world.now() - begun).toBeLessThan(30);
    await watch.stop();
  });

  test("ends with the last watch, and begins again with the next", async () => {
    const watch = new Collector(reader, pods, 0);
    await within(world.sleep(minute));
    await watch.stop();
    await within(world.sleep(minute));
    reads = 0;
    await within(world.sleep(minute));
    expect(reads).toBe(0);
    const revision = await within(writer.create(pods, "a", value("1")));
    const again = new Collector(reader, pods, 0);
    await within(again.reached(revision));
    await again.stop();
  });

  test("ends the watches with an error where the table can't be used, or stays silent", async () => {
    for (const breakIt of [
      () => {
        connection.get = () => Promise.reject(new TableUnusable("renew the credentials"));
      },
      () => {
        connection.faults = { ...noFaults, lostRequest: 1 };
      },
    ]) {
      const watch = new Collector(reader, pods, 0);
      await within(world.sleep(minute));
      const get = connection.get;
      breakIt();
      await within(watch.ended);
      expect(watch.error).toBeInstanceOf(StoreUnavailable);
      connection.get = get;
      connection.faults = noFaults;
    }
  });
});
