/** The queues between the functions. What their messages say: lib/controllers/queued/messages.ts. */
import { Duration } from "aws-cdk-lib";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { DeadLetterQueue, WorkQueue } from "./work-queue.ts";

/**
 * Timeouts of the functions that queues wake; each queue's visibility timeout is a little longer, so that what a killed
 * invocation held is soon tried again.
 */
export const timeouts = {
  /** A run schedules for at most 10 s. */
  scheduler: Duration.seconds(15),
  controllers: Duration.seconds(60),
  dispatch: Duration.seconds(30),
  nodeReports: Duration.seconds(30),
} as const;

/** Each wakes one function. */
export class Queues extends Construct {
  /** A group a key of a controller. */
  readonly controllers: WorkQueue;
  /** A group a cluster. */
  readonly scheduler: WorkQueue;
  /** Wake-ups of later: FIFO queues cannot delay one message. */
  readonly delays: WorkQueue;
  /** From the nodes' agents. */
  readonly reports: WorkQueue;
  /** Log entries that could not be dispatched. */
  readonly failures: Queue;
  /** Ticks that failed. */
  readonly ticks: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // Bugs, not outages, use attempts up: a reconcile that fails is acknowledged and tried later by way of `delays`.
    this.controllers = new WorkQueue(this, "Controllers", {
      fifo: true,
      visibilityTimeout: Duration.seconds(70),
      attempts: 5,
    });
    this.scheduler = new WorkQueue(this, "Scheduler", {
      fifo: true,
      visibilityTimeout: Duration.seconds(20),
      attempts: 5,
    });
    this.delays = new WorkQueue(this, "Delays", {
      fifo: false,
      visibilityTimeout: Duration.seconds(40),
      attempts: 5,
    });
    this.reports = new WorkQueue(this, "Reports", {
      fifo: false,
      visibilityTimeout: Duration.seconds(40),
      attempts: 5,
    });
    this.failures = new DeadLetterQueue(this, "DispatchFailures", { fifo: false }).queue;
    this.ticks = new DeadLetterQueue(this, "TickFailures", { fifo: false }).queue;
  }

  /** Those that wake functions. */
  get work(): readonly WorkQueue[] {
    return [this.controllers, this.scheduler, this.delays, this.reports];
  }

  /** Where nothing should ever be. */
  get deadLetters(): readonly Queue[] {
    return [...this.work.map(({ deadLetters }) => deadLetters), this.failures, this.ticks];
  }
}
