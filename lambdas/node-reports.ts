/** λ node-reports: each message is a report of a node, of its health and its pods. */
import { SdkTable } from "../lib/aws/dynamodb/sdk-table.ts";
import type { BatchResponse, SqsEvent } from "../lib/aws/sqs/event.ts";
import { openClusters } from "./wiring/cluster.ts";
import { readEnvironment } from "./wiring/environment.ts";
import { ReportTaker, senderCheckOf } from "./wiring/report-taker.ts";

const environment = readEnvironment();
const taker = new ReportTaker({
  clusters: openClusters(environment, { fresh: "await" }),
  table: new SdkTable({ name: environment.tableName }),
  isSentBy: senderCheckOf(environment),
});

/** The function. */
export function handler(
  event: SqsEvent,
  { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number },
): Promise<BatchResponse> {
  return taker.run(event, getRemainingTimeInMillis());
}
