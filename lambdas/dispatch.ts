/** λ dispatch: the only reader of the table's stream, and what passes delayed wake-ups on. */
import type { BatchResponse, SqsEvent } from "../lib/aws/sqs/event.ts";
import type { StreamEvent } from "../lib/aws/stream/log-records.ts";
import { createNodeNudges } from "../lib/nodes/nudges.ts";
import { openClusters } from "./wiring/cluster.ts";
import { Dispatcher } from "./wiring/dispatcher.ts";
import { readEnvironment } from "./wiring/environment.ts";
import { inboxControllers, inboxSender } from "./wiring/inboxes.ts";
import { Loops } from "./wiring/loops.ts";

const environment = readEnvironment();
const { failuresQueueUrl } = environment;
const sender = inboxSender(environment);
const dispatcher = new Dispatcher({
  loops: new Loops(environment, openClusters(environment, { fresh: "await" }), inboxControllers(environment)),
  ...(sender === undefined ? {} : { nudges: createNodeNudges(sender) }),
  ...(failuresQueueUrl === undefined ? {} : { failuresQueueUrl }),
});

/** The function. */
export async function handler(
  event: StreamEvent | SqsEvent,
  { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number },
): Promise<BatchResponse> {
  const isQueue = event.Records[0]?.eventSource === "aws:sqs";
  const remainingMs = getRemainingTimeInMillis();
  return isQueue
    ? dispatcher.delays(event as SqsEvent, remainingMs)
    : dispatcher.stream(event as StreamEvent, remainingMs);
}
