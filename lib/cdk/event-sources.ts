/** Who wakes a function: the table's stream and the queues. */
import { Duration } from "aws-cdk-lib";
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { acknowledge } from "./acknowledge.ts";
import type { ClusterFunction } from "./cluster-function.ts";
import type { ClusterTable } from "./table.ts";
import type { WorkQueue } from "./work-queue.ts";

/**
 * New log entries of the table wake the function; nothing else does, and who filters is not billed. A batch that fails
 * is halved until the entry that is to blame stands alone; what stays bad for long goes to the queue, so that no shard
 * stands still.
 */
export function wakeByLog(target: ClusterFunction, { table, streamArn }: ClusterTable, failures: Queue): void {
  target.allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [streamArn]);
  target.allow(["dynamodb:ListStreams"], ["*"]);
  acknowledge(target, {
    "AwsSolutions-IAM5[Resource::*]": "dynamodb:ListStreams can be granted for no single stream.",
  });
  const mapping = new EventSourceMapping(target, "Stream", {
    target: target.function,
    eventSourceArn: streamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    maxRecordAge: Duration.hours(1),
    retryAttempts: 30,
    onFailure: new SqsDlq(failures),
    filters: [
      FilterCriteria.filter({
        eventName: FilterRule.isEqual("INSERT"),
        dynamodb: { NewImage: { t: { S: FilterRule.isEqual("log") } } },
      }),
    ],
  });
  // The mapping is refused as long as its role may not read the stream.
  mapping.node.addDependency(target.role, table);
}

/** How a queue's messages are handed over. */
export interface WakeByQueueProps {
  /** So many invocations at most, so that a burst doesn't take the whole account's. @default no limit of its own */
  readonly maxConcurrency?: number;
}

/** Messages of the queue wake the function, up to 10 at once. */
export function wakeByQueue(target: ClusterFunction, source: WorkQueue, props: WakeByQueueProps = {}): void {
  const { queue } = source;
  target.allow(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], [queue.queueArn]);
  const mapping = new EventSourceMapping(target, source.node.id, {
    target: target.function,
    eventSourceArn: queue.queueArn,
    batchSize: 10,
    reportBatchItemFailures: true,
    maxConcurrency: props.maxConcurrency,
  });
  mapping.node.addDependency(target.role);
  acknowledge(mapping, {
    "Serverless-LambdaEventSourceMappingDestination": "A queue's mapping has none: the queue itself has dead letters.",
  });
}
