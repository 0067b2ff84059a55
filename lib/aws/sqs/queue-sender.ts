/** Sends messages to SQS queues in batches, and again those that a batch did not take. */
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from "@aws-sdk/client-sqs";
import type { Clock } from "../../apimachinery/clock.ts";
import { messageText } from "./message-text.ts";

/** A message on its way. */
export interface OutgoingMessage {
  /** JSON. */
  readonly body: string;
  /** Of a FIFO queue. */
  readonly group?: string;
  /** Of a FIFO queue. */
  readonly deduplicationId?: string;
  /** Of a standard queue; 900 at most. */
  readonly delaySeconds?: number;
}

/** Some messages were not taken. None of them is known to be in the queue; sending them again is harmless. */
export class NotSent extends Error {
  override name = "NotSent";
}

/** What a batch may hold: so many messages, and so many bytes altogether. */
const maxEntries = 10;
const maxBytes = 262_144;
/** So often is what a batch did not take sent again. */
const maxAttempts = 4;
const backoffMs = 50;
/** So many batches at once. */
const parallel = 4;

/** Sends with an SQS client; its own attempts are for requests that fail as a whole. */
export class QueueSender {
  readonly #client: Pick<SQSClient, "send">;
  readonly #clock: Clock;

  constructor(client: Pick<SQSClient, "send">, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Resolves when the queue has all of them. Throws NotSent; rejects as the client does. */
  async send(queueUrl: string, messages: readonly OutgoingMessage[]): Promise<void> {
    const batches = batchesOf(messages);
    let next = 0;
    const work = async () => {
      for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) await this.#send(queueUrl, batch);
    };
    await Promise.all(Array.from({ length: Math.min(parallel, batches.length) }, work));
  }

  async #send(QueueUrl: string, batch: readonly OutgoingMessage[]): Promise<void> {
    let entries = batch.map(entryOf);
    for (let attempt = 1; ; attempt++) {
      const { Failed = [] } = await this.#client.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries }));
      if (Failed.length === 0) return;
      const [fault] = Failed.filter(({ SenderFault }) => SenderFault === true);
      if (fault !== undefined) throw new NotSent(`a queue refuses a message: ${fault.Code}`);
      if (attempt === maxAttempts) throw new NotSent(`a queue does not take messages: ${Failed[0].Code}`);
      const failed = new Set(Failed.map(({ Id }) => Id));
      entries = entries.filter(({ Id }) => failed.has(Id));
      await this.#clock.sleep(backoffMs * 2 ** attempt);
    }
  }
}

function entryOf(
  { body, group, deduplicationId, delaySeconds }: OutgoingMessage,
  index: number,
): SendMessageBatchRequestEntry {
  return {
    Id: String(index),
    MessageBody: messageText(body),
    ...(group === undefined ? {} : { MessageGroupId: group }),
    ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
    ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
  };
}

function batchesOf(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const batches: OutgoingMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(messageText(message.body));
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === maxEntries || bytes + size > maxBytes) {
      batches.push([message]);
      bytes = size;
    } else {
      batch.push(message);
      bytes += size;
    }
  }
  return batches;
}
