/** What Lambda hands a function of an SQS queue, and what the function answers. */

/** A message that was received. */
export interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
  readonly eventSource: string;
  readonly eventSourceARN: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  /** What the sender put beside the body. */
  readonly messageAttributes?: Readonly<Record<string, { readonly stringValue?: string } | undefined>>;
}

/** A batch of messages of one queue. */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

/** Which of a batch's items failed: they alone are delivered again. Of a stream, the first one and all after it. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The answer that names items. */
export function batchResponse(failed: Iterable<string>): BatchResponse {
  return { batchItemFailures: Array.from(failed, (itemIdentifier) => ({ itemIdentifier })) };
}

/** The message group of a FIFO queue's message; a message without one is a group of its own. */
export function groupOf({ attributes, messageId }: SqsRecord): string {
  return attributes.MessageGroupId ?? messageId;
}
