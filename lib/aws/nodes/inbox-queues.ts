/** The nodes' inboxes in SQS: a standard queue each, whose name ends with the Node's uid. */
import { createHash } from "node:crypto";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import type { InboxQueues, InboxSender } from "../../nodes/inbox.ts";
import { openQueues } from "../sqs/queues.ts";

/** What inboxes are made with. */
export interface InboxQueuesOptions {
  /** What the names begin with. */
  readonly prefix: string;
  readonly cluster: string;
  /** The roles of nodes' instances: in AWS, only the node's own session of one may read its inbox. */
  readonly nodeRoleArns: readonly string[];
  /** Region, endpoint, credentials; the SDK's own defaults where nothing is said. */
  readonly client?: SQSClientConfig;
}

/** Nudges are hints: a node that was away for longer reads everything anyway. */
const retentionSeconds = 3600;
/** How long a node may take to read what it was nudged for, before the message is shown to it again. */
const visibilitySeconds = 60;
const waitSeconds = 20;
const maxName = 80;
const uidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * What the names of a cluster's inboxes begin with: its name, or a hash where that is too long or has other letters.
 */
export function inboxNamePrefix(prefix: string, cluster: string): string {
  const plain = `${prefix}${cluster}-`;
  if (/^[\w-]+$/.test(plain) && plain.length + 36 <= maxName) return plain;
  return `${prefix}${createHash("sha256").update(cluster).digest("hex").slice(0, 16)}-`;
}

/** The inboxes of a cluster. */
export function createInboxQueues(options: InboxQueuesOptions): InboxQueues {
  const { nodeRoleArns } = options;
  const client = new SQSClient(options.client ?? {});
  const prefix = inboxNamePrefix(options.prefix, options.cluster);
  return {
    async ensure({ name, uid }) {
      const QueueName = `${prefix}${uid}`;
      // Made without attributes: naming others than those of a queue that is there would be an error.
      const { QueueUrl = "" } = await client.send(new CreateQueueCommand({ QueueName }));
      const Attributes: Record<string, string> = {
        MessageRetentionPeriod: String(retentionSeconds),
        VisibilityTimeout: String(visibilitySeconds),
        ReceiveMessageWaitTimeSeconds: String(waitSeconds),
      };
      if (nodeRoleArns.length > 0) Attributes.Policy = JSON.stringify(policy(nodeRoleArns, name));
      await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
      return QueueUrl;
    },
    isInbox: (url, nodeUid) => url.endsWith(`/${prefix}${nodeUid}`),
    async remove(nodeUid) {
      try {
        const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: `${prefix}${nodeUid}` }));
        await client.send(new DeleteQueueCommand({ QueueUrl }));
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    },
    async list() {
      const uids: string[] = [];
      for (let NextToken: string | undefined; ; ) {
        const page = await client.send(new ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 1000, NextToken }));
        for (const url of page.QueueUrls ?? []) {
          const uid = url.slice(url.lastIndexOf("/") + 1 + prefix.length);
          // Another cluster's name may begin with this one's.
          if (uidPattern.test(uid)) uids.push(uid);
        }
        NextToken = page.NextToken;
        if (NextToken === undefined) return uids;
      }
    },
  };
}

/** The session of an instance's role bears the instance's id, which is the node's name. */
function policy(roles: readonly string[], node: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: roles },
        Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        Resource: "*",
        Condition: { StringLike: { "aws:userid": `*:${node}` } },
      },
      // As of all queues of a deployment: nobody, by whatever rights, without TLS.
      {
        Effect: "Deny",
        Principal: "*",
        Action: "sqs:*",
        Resource: "*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}

/** Whether there is no such queue; emulators give the old protocol's name. */
export function isGone(error: unknown): boolean {
  const { name } = error as Error;
  return error instanceof QueueDoesNotExist || name === "AWS.SimpleQueueService.NonExistentQueue";
}

/** Inboxes that are sent to at once. */
const parallel = 20;

/** What nudges are sent with. */
export interface InboxSenderOptions {
  /** What the names of all inboxes begin with. */
  readonly prefix: string;
  /** Region, endpoint, credentials; the SDK's own defaults where nothing is said. */
  readonly client?: SQSClientConfig;
  /** Told of what calls itself an inbox and can't be sent to. */
  readonly onRefused?: (inbox: string, error: Error) => void;
}

/**
 * Sends nudges to inboxes. A node may write what it likes on its Node as its inbox: nothing is sent to another server
 * than SQS, nor to a queue of another name; and what is refused is no failure, or one node could stop the news of
 * all.
 */
export function createInboxSender({ prefix, client, onRefused }: InboxSenderOptions): InboxSender {
  const queues = openQueues({ useQueueUrlAsEndpoint: false, ...client });
  return {
    async send(nudges) {
      const byInbox = Map.groupBy(nudges, ({ inbox }) => inbox);
      const waiting = [...byInbox];
      const failures: unknown[] = [];
      const work = async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          const [inbox, some] = next;
          if (!inbox.slice(inbox.lastIndexOf("/") + 1).startsWith(prefix)) {
            onRefused?.(inbox, new Error("the queue is no inbox"));
            continue;
          }
          const messages = some.map(({ nudge }) => ({ body: JSON.stringify(nudge) }));
          await queues.send(inbox, messages).catch((error: Error) => {
            if (isGone(error)) return;
            if (isRefused(error)) onRefused?.(inbox, error);
            else failures.push(error);
          });
        }
      };
      await Promise.all(Array.from({ length: parallel }, work));
      if (failures.length > 0) throw failures[0];
    },
  };
}

const refusals = new Set(["AccessDenied", "AccessDeniedException", "InvalidAddress", "InvalidParameterValue"]);

/** Whether SQS will never do it: with a queue of another account, or what is no queue's address at all. */
export function isRefused(error: unknown): boolean {
  return refusals.has((error as Error).name);
}
