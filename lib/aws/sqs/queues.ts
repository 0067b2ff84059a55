/** SQS as the functions use it. */
import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { type Clock, systemClock } from "../../apimachinery/clock.ts";
import { type OutgoingMessage, QueueSender } from "./queue-sender.ts";

/** A way to queues by their URLs. */
export interface Queues {
  /** Resolves when the queue has all messages. Throws NotSent; rejects as the SDK does. */
  send(queueUrl: string, messages: readonly OutgoingMessage[]): Promise<void>;
}

/** A socket that answers late is not waited for; the message may then come twice. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/**
 * Opens it; requests go to the region's endpoint, wherever a queue's URL points (an emulator's may be another name of the
 * same). Nothing is sent before it is used.
 */
export function openQueues(config: SQSClientConfig = {}, clock: Clock = systemClock): Queues {
  const settings = { maxAttempts: 3, requestHandler, useQueueUrlAsEndpoint: false, ...config };
  const sender = new QueueSender(new SQSClient(settings), clock);
  return { send: (queueUrl, messages) => sender.send(queueUrl, messages) };
}
