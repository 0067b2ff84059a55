/** What `npm run bench:cloud` counted; to be brought up to date when a function's idle work changes. */
import type { IdleCounts } from "./model.ts";

/** One cluster and one node, on a machine that was busy: the billed times are rather too long. */
export const counted: IdleCounts = {
  tick: { readUnits: 46, writeUnits: 8.8, ms: 639 },
  node: { longPolls: 3, reports: 6, readUnits: 3.4, writeUnits: 8.4, ms: 48 },
  nodeBeat: { readUnits: 38, writeUnits: 13, invocations: 4 },
  pollerCalls: 15,
};
