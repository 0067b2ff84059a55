/**
 * The newest statuses that reports have brought, in the table: `CLUSTER#reports#NODE`, one item a Pod or Node, and one
 * a report that could not be taken in at once.
 */
import { type Clock, systemClock } from "../../apimachinery/clock.ts";
import type { Position, ReportPositions } from "../../nodes/health.ts";
import { numberOf } from "../dynamodb/layout.ts";
import { ConditionFailed, type ItemKey, type Table } from "../dynamodb/table.ts";

/** Longer than SQS can keep a message (14 days): no older report can come after the item has gone. */
const keptSeconds = 15 * 86_400;

/** The positions of a cluster's nodes. Methods reject with the table's errors. */
export function createReportPositions(
  table: Table,
  cluster: string,
  clock: Pick<Clock, "now"> = systemClock,
): ReportPositions {
  const key = (node: string, uid: string): ItemKey => ({ pk: `${cluster}#reports#${node}`, sk: uid });
  /** No uid has this form. */
  const reportKey = (node: string, { epoch, sequence }: Position) => key(node, `report/${epoch}/${sequence}`);
  const expiry = () => Math.floor(clock.now() / 1000) + keptSeconds;
  return {
    async claim(node, uid, { epoch, sequence }) {
      try {
        await table.write({
          put: { ...key(node, uid), t: "report", e: epoch, q: sequence, x: expiry() },
          when: [
            [{ absent: "e" }],
            [{ attribute: "e", is: "<", than: epoch }],
            [
              { attribute: "e", is: "=", than: epoch },
              { attribute: "q", is: "<=", than: sequence },
            ],
          ],
        });
        return true;
      } catch (error) {
        if (error instanceof ConditionFailed) return false;
        throw error;
      }
    },
    async holds(node, uid, { epoch, sequence }) {
      const item = await table.get(key(node, uid));
      return numberOf(item, "e") === epoch && numberOf(item, "q") === sequence;
    },
    async remove(node, uid) {
      await table.write({ remove: key(node, uid) });
    },
    async taken(node, report) {
      return numberOf(await table.get(reportKey(node, report)), "n");
    },
    async noteTaken(node, report, items) {
      await table.write({ put: { ...reportKey(node, report), t: "report", n: items, x: expiry() } });
    },
  };
}
