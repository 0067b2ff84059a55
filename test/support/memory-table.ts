/** A table in memory without faults or delays. */
import type { Table } from "../../lib/aws/dynamodb/table.ts";
import { SimulatedTable } from "../sim/store-table.ts";
import { World } from "../sim/store-world.ts";

/** An empty table; `items` are what it holds. */
export function memoryTable(): Table & { readonly items: SimulatedTable } {
  const items = new SimulatedTable(new World(1));
  return {
    items,
    get: async (key) => items.get(key),
    getMany: async (keys) => keys.flatMap((key) => items.get(key) ?? []),
    query: async (query) => items.query(query),
    count: async (query, clauses) => items.count(query, clauses),
    write: async (write) => items.write(write),
    async transact(writes) {
      let isDone = false;
      items.transact(writes, () => {
        isDone = true;
      });
      // Its time goes by at once.
      await items.world.runUntil(() => isDone, 1_000);
    },
    close: () => {},
  };
}
