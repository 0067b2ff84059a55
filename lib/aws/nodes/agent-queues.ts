/** The agent's side of the queues in SQS: its inbox, and the report queue. */
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Inbox, InboxGone, InboxRefused } from "../../nodes/inbox.ts";
import type { ReportQueue } from "../../nodes/reports.ts";
import { reportSignature, signatureAttribute } from "../../nodes/sender.ts";
import { messageText } from "../sqs/message-text.ts";
import { isGone, isRefused } from "./inbox-queues.ts";

/** How SQS is reached. */
export interface AgentQueuesOptions {
  readonly region: string;
  /** Another address than the region's: an emulator's. */
  readonly endpoint?: string;
  readonly reportQueueUrl: string;
  /** The node's key, where the emulator's queue does not say who the sender is. */
  readonly signingKey?: string;
}

/** Both queues. */
export interface AgentQueues {
  readonly reports: ReportQueue;
  inbox(url: string): Inbox;
  close(): void;
}

const waitSeconds = 20;
/** A long poll that is not answered in this time has lost its connection (ms). */
const pollTimeoutMs = (waitSeconds + 10) * 1000;
/** Heartbeats must not wait behind a send that nobody answers (ms). */
const sendTimeoutMs = 10_000;
const maxMessages = 10;

/** Opens both; nothing is sent before they are used. The caller repeats what fails, so that the SDK does not. */
export function openAgentQueues(options: AgentQueuesOptions): AgentQueues {
  const { region, endpoint, reportQueueUrl, signingKey } = options;
  const clientFor = (timeoutMs: number) =>
    new SQSClient({
      region,
      // The address of an inbox is read from the Node: credentials go to the region's SQS alone, whatever is written there.
      useQueueUrlAsEndpoint: false,
      ...(endpoint === undefined ? {} : { endpoint }),
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    });
  const polls = clientFor(pollTimeoutMs);
  const sends = clientFor(sendTimeoutMs);
  return {
    reports: {
      async send(body) {
        const MessageAttributes =
          signingKey === undefined
            ? undefined
            : { [signatureAttribute]: { DataType: "String", StringValue: reportSignature(signingKey, body) } };
        const MessageBody = messageText(body);
        await sends.send(new SendMessageCommand({ QueueUrl: reportQueueUrl, MessageBody, MessageAttributes }));
      },
    },
    inbox: (url) => sqsInbox(polls, url),
    close() {
      polls.destroy();
      sends.destroy();
    },
  };
}

function sqsInbox(client: SQSClient, QueueUrl: string): Inbox {
  return {
    async receive(signal) {
      const poll = { QueueUrl, MaxNumberOfMessages: maxMessages, WaitTimeSeconds: waitSeconds };
      const { Messages = [] } = await named(client.send(new ReceiveMessageCommand(poll), { abortSignal: signal }));
      return Messages.map(({ Body = "", ReceiptHandle = "" }) => ({ body: Body, receipt: ReceiptHandle }));
    },
    async delete(messages) {
      if (messages.length === 0) return;
      const Entries = messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
      await named(client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries })));
    },
  };
}

/** Gives failures that mean something for the inbox their names. */
async function named<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (isGone(cause)) throw new InboxGone("the node's inbox is gone", { cause });
    if (isRefused(cause)) throw new InboxRefused(`SQS refuses: ${(cause as Error).message}`, { cause });
    throw cause;
  }
}
