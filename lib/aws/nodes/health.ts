/** Nodes' health in the table: `CLUSTER#health`, one small item a node. */
import type { NodeHealth, NodeHealthItem } from "../../nodes/health.ts";
import { numberOf, stringOf } from "../dynamodb/layout.ts";
import { ConditionFailed, type Item, type ItemKey, type Table } from "../dynamodb/table.ts";

/** An item of a node that has said nothing for so long may be removed by the table (s). */
const keptSeconds = 7 * 86_400;

/** The health of a cluster's nodes. Methods reject with the table's errors. */
export function createNodeHealth(table: Table, cluster: string): NodeHealth {
  const pk = `${cluster}#health`;
  const key = (node: string): ItemKey => ({ pk, sk: node });
  return {
    async heard({ node, uid, heardAt }, leaseEveryMs) {
      const set = { t: "health", at: heardAt, uid, x: Math.floor(heardAt / 1000) + keptSeconds };
      try {
        const item = await table.write({
          update: key(node),
          set,
          when: [[{ absent: "at" }], [{ attribute: "at", is: "<", than: heardAt }]],
        });
        return heardAt - numberOf(item, "lease") >= leaseEveryMs;
      } catch (error) {
        if (error instanceof ConditionFailed) return false;
        throw error;
      }
    },
    async leaseRenewed(node, at) {
      await table.write({ update: key(node), set: { t: "health", lease: at } });
    },
    async list({ eventually = false } = {}) {
      const found: NodeHealthItem[] = [];
      for (let after: string | undefined; ; ) {
        const { items, more } = await table.query({ pk, eventually, ...(after === undefined ? {} : { after }) });
        found.push(...items.map(itemOf));
        after = items.at(-1)?.sk;
        if (!more || after === undefined) return found;
      }
    },
    async remove(node) {
      await table.write({ remove: key(node) });
    },
  };
}

function itemOf(item: Item): NodeHealthItem {
  return { node: item.sk, uid: stringOf(item, "uid"), heardAt: numberOf(item, "at") };
}
