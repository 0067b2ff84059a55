/** What somebody should look at: changes that are not seen, work that failed, errors, throttling. */
import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import type { Functions } from "./functions.ts";
import type { Queues } from "./queues.ts";
import type { ClusterApi } from "./rest-api.ts";
import type { ClusterTable } from "./table.ts";

/** What is watched, and who is told. */
export interface AlarmsProps {
  readonly api: ClusterApi;
  readonly functions: Functions;
  readonly queues: Queues;
  readonly table: ClusterTable;
  /** An SNS topic. @default nobody is told; the console shows alarms */
  readonly topicArn?: string;
}

const period = Duration.minutes(5);
const sum = { period, statistic: Stats.SUM } as const;

/**
 * The sum of several metrics as one. What has nothing to tell counts as none: a queue at rest and a table that
 * throttles nobody send no data, and a sum with a summand missing would be missing itself, its alarm never raised.
 */
function total(metrics: readonly IMetric[], label: string): MathExpression {
  const named = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  const expression = Object.keys(named)
    .map((name) => `FILL(${name},0)`)
    .join("+");
  return new MathExpression({ expression, usingMetrics: named, period, label });
}

/** Each alarm is billed by the metrics that it reads: docs/aws.md counts them. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, { api, functions, queues, table, topicArn }: AlarmsProps) {
    super(scope, id);
    const { table: items } = table;
    this.all = [
      this.alarm("StreamIsLate", {
        metric: functions.dispatch.function.metric("IteratorAge", {
          period: Duration.minutes(1),
          statistic: Stats.MAXIMUM,
        }),
        threshold: Duration.minutes(1).toMilliseconds(),
        evaluationPeriods: 3,
        alarmDescription: "Changes wait for more than a minute until controllers, scheduler and nodes are told.",
      }),
      this.alarm("DeadLetters", {
        metric: total(
          queues.deadLetters.map((queue) =>
            queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
          ),
          "dead letters",
        ),
        threshold: 0,
        alarmDescription: "Work was given up: look into the queues of dead letters, mend the cause, redrive them.",
      }),
      this.alarm("ServerErrors", {
        metric: api.api.metricServerError(sum),
        // What a cloud cluster cannot do (kubectl logs, exec) is answered 501, which counts too.
        threshold: 20,
        evaluationPeriods: 2,
        alarmDescription: "The API answers with errors of its own.",
      }),
      this.alarm("Throttled", {
        metric: total(
          [
            ...functions.all.map((one) => one.function.metricThrottles(sum)),
            items.metric("ReadThrottleEvents", sum),
            items.metric("WriteThrottleEvents", sum),
          ],
          "throttled",
        ),
        threshold: 10,
        evaluationPeriods: 2,
        alarmDescription: "Functions or the table are throttled: a quota of the account, or one hot item.",
      }),
    ];
    if (topicArn === undefined) return;
    const action = new SnsAction(Topic.fromTopicArn(this, "Topic", topicArn));
    for (const alarm of this.all) alarm.addAlarmAction(action);
  }

  private alarm(
    id: string,
    props: { metric: IMetric; threshold: number; evaluationPeriods?: number; alarmDescription: string },
  ): Alarm {
    return new Alarm(this, id, {
      evaluationPeriods: 1,
      ...props,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
