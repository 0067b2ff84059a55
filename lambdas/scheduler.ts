/** λ scheduler: a message is a wake-up of a cluster's scheduler, which schedules all that is pending. */
import type { BatchResponse, SqsEvent } from "../lib/aws/sqs/event.ts";
import { parseSchedulerMessage } from "../lib/controllers/queued/messages.ts";
import { openClusters } from "./wiring/cluster.ts";
import { readEnvironment } from "./wiring/environment.ts";
import { inboxSender } from "./wiring/inboxes.ts";
import { KeyWorker } from "./wiring/key-worker.ts";
import { Loops } from "./wiring/loops.ts";

const environment = readEnvironment();
const clusters = openClusters(environment, { fresh: "await" });
const inboxes = inboxSender(environment);
const loops = new Loops(environment, clusters, undefined, inboxes === undefined ? {} : { inboxes });
/** A run schedules for at most 10 s, then wakes itself. */
const worker = new KeyWorker({
  loops,
  parse: parseSchedulerMessage,
  reserveMs: 11_000,
  deadLettersUrl: environment.deadLettersQueueUrl,
});

/** The function. */
export function handler(
  event: SqsEvent,
  { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number },
): Promise<BatchResponse> {
  return worker.run(event, getRemainingTimeInMillis());
}
