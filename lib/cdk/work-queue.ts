/** A queue that wakes a function, and the queue of what the function could not do. */
import { Duration } from "aws-cdk-lib";
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/** How a queue behaves. */
export interface WorkQueueProps {
  /** Order and single flight in each message group. */
  readonly fifo: boolean;
  /** How long a message is its receiver's alone. At least the function's timeout. */
  readonly visibilityTimeout: Duration;
  /** So often is a message tried before it is a dead letter. */
  readonly attempts: number;
}

/** What is not done in this time is dead too: longer than any outage of ours should last. */
const retention = Duration.days(4);
/** Dead letters wait for a human. */
const deadLetterRetention = Duration.days(14);

/** Each group by itself, so that the limit of 300 messages a second is a group's and not the queue's. */
const fast = {
  fifo: true,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
} as const;

/** Encrypted with SQS' own key, over TLS only, with a queue of dead letters. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { fifo, visibilityTimeout, attempts }: WorkQueueProps) {
    super(scope, id);
    this.deadLetters = new DeadLetterQueue(this, "DeadLetters", { fifo }).queue;
    this.queue = new Queue(this, "Queue", {
      ...(fifo ? fast : {}),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout,
      retentionPeriod: retention,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: attempts },
    });
  }
}

/** Where what failed waits for a human: of a queue, a stream or a timer. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { fifo }: { readonly fifo: boolean }) {
    super(scope, id);
    this.queue = new Queue(this, "Queue", {
      // Only a FIFO queue may say that it is one, or isn't.
      ...(fifo ? { fifo } : {}),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: deadLetterRetention,
    });
    acknowledge(this.queue, {
      "AwsSolutions-SQS3": "This is the queue of dead letters.",
      "Serverless-SQSRedrivePolicy": "This is the queue of dead letters.",
    });
  }
}
