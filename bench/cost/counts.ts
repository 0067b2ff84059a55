/** What `npm run bench:cloud` counted; to be brought up to date when a function's idle work changes. */
import type { IdleCounts } from "./model.ts";

/**
 * One cluster and one node, twelve minutes after the last work (`--settle 12`). A heartbeat is one write and no read, as
 * a test counts; what node-reports read and wrote beyond these is the node's beat.
 */
export const counted: IdleCounts = {
  tick: { readUnits: 19, writeUnits: 0.4, ms: 54 },
  node: { longPolls: 3, reports: 6, readUnits: 0, writeUnits: 6, ms: 18.5 },
  nodeBeat: { readUnits: 14, writeUnits: 10, invocations: 1 },
  pollerCalls: 15,
};
