import { noFaults, SimulatedConnection, SimulatedTable } from "../../../../sim/store-table.ts";
import { World } from "../../../../sim/store-world.ts";
import { tableSuite } from "../../../../suites/store-table.ts";

const world = new World(1);
const connection = new SimulatedConnection(new SimulatedTable(world), noFaults);

tableSuite(
  "simulated",
  () => connection,
  async (promise) => {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    promise.then(done, done);
    await world.runUntil(() => isDone, 60_000);
    return promise;
  },
);
