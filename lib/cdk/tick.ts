/** The minute's tick: for what no event tells. */
import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { ClusterFunction } from "./cluster-function.ts";

/** A tick that comes late is useless, and one that failed is not repeated: the next minute's does its work. */
const once = { retryAttempts: 0, maxEventAge: Duration.minutes(1) } as const;

/** Wakes the function each minute. What could not be delivered, and what failed, is seen in the queue. */
export function wakeByMinute(target: ClusterFunction, failures: Queue): void {
  const rule = new Rule(target, "EachMinute", { schedule: Schedule.rate(Duration.minutes(1)) });
  rule.addTarget(new LambdaFunction(target.function, { ...once, deadLetterQueue: failures }));
  target.function.configureAsyncInvoke({ ...once, onFailure: new SqsDestination(failures) });
}
