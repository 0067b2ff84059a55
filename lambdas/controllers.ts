/** λ controllers: each message is a key of a controller to reconcile, a group a key. */
import type { BatchResponse, SqsEvent } from "../lib/aws/sqs/event.ts";
import { parseKeyMessage } from "../lib/controllers/queued/messages.ts";
import { openClusters } from "./wiring/cluster.ts";
import { readEnvironment } from "./wiring/environment.ts";
import { inboxControllers } from "./wiring/inboxes.ts";
import { KeyWorker } from "./wiring/key-worker.ts";
import { Loops } from "./wiring/loops.ts";

const environment = readEnvironment();
const loops = new Loops(environment, openClusters(environment, { fresh: "await" }), inboxControllers(environment));
/** A reconcile takes well under a second; one that waits for a slow table, some. */
const worker = new KeyWorker({
  loops,
  parse: parseKeyMessage,
  reserveMs: 20_000,
  deadLettersUrl: environment.deadLettersQueueUrl,
});

/** The function. */
export function handler(
  event: SqsEvent,
  { getRemainingTimeInMillis }: { getRemainingTimeInMillis(): number },
): Promise<BatchResponse> {
  return worker.run(event, getRemainingTimeInMillis());
}
