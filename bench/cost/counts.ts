/** What `npm run bench:cloud` counted; to be brought up to date when a function's idle work changes. */
import type { IdleCounts } from "./model.ts";

export const counted: IdleCounts = {
  tick: { readUnits: 6, writeUnits: 1, ms: 40 },
  node: { longPolls: 3, reports: 6, readUnits: 0, writeUnits: 6, ms: 10 },
  nodeBeat: { readUnits: 20, writeUnits: 40, invocations: 6 },
  pollerCalls: 15,
};
