/** One page that shows how a deployment is. */
import { Duration } from "aws-cdk-lib";
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import type { Functions } from "./functions.ts";
import type { Queues } from "./queues.ts";
import type { ClusterApi } from "./rest-api.ts";
import type { ClusterTable } from "./table.ts";

/** What is shown. */
export interface ClusterDashboardProps {
  readonly api: ClusterApi;
  readonly functions: Functions;
  readonly queues: Queues;
  readonly table: ClusterTable;
  readonly alarms: Alarms;
}

const period = Duration.minutes(1);
const sum = { period, statistic: Stats.SUM } as const;
const highest = { period, statistic: Stats.MAXIMUM } as const;

/** From the outside in: requests, functions, queues, table. */
export class ClusterDashboard extends Construct {
  constructor(scope: Construct, id: string, props: ClusterDashboardProps) {
    super(scope, id);
    const { alarms } = props;
    new Dashboard(this, "Dashboard", {
      defaultInterval: Duration.hours(3),
      widgets: [
        [new AlarmStatusWidget({ title: "Alarms", alarms: [...alarms.all], width: 24, height: 3 })],
        ...[requests(props), loops(props), queues(props), items(props)],
      ],
    });
  }
}

const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 8, height: 6 });

const requests = ({ api: { api }, functions }: ClusterDashboardProps) => [
  graph("Requests", [api.metricCount(sum), api.metricClientError(sum), api.metricServerError(sum)]),
  graph("Time to the answer", [
    api.metricLatency({ period, statistic: Stats.percentile(50) }),
    api.metricLatency({ period, statistic: Stats.percentile(99) }),
  ]),
  graph("Requests and watches at once", [functions.api.function.metric("ConcurrentExecutions", highest)]),
];

const loops = ({ functions }: ClusterDashboardProps) => [
  graph(
    "Invocations",
    functions.all.map((one) => one.function.metricInvocations({ ...sum, label: one.node.id })),
  ),
  graph(
    "Errors",
    functions.all.map((one) => one.function.metricErrors({ ...sum, label: one.node.id })),
  ),
  graph(
    "Durations",
    // A watch is one invocation of `api`, as long as it is held.
    functions.all
      .filter((one) => one !== functions.api)
      .map((one) => one.function.metricDuration({ ...highest, label: one.node.id })),
  ),
];

const queues = ({ functions, queues: { work, deadLetters } }: ClusterDashboardProps) => [
  graph("The stream's lag", [functions.dispatch.function.metric("IteratorAge", highest)]),
  graph(
    "The oldest message of a queue",
    work.map(({ node, queue }) => queue.metricApproximateAgeOfOldestMessage({ ...highest, label: node.id })),
  ),
  graph(
    "Dead letters",
    deadLetters.map((queue) => queue.metricApproximateNumberOfMessagesVisible(highest)),
  ),
];

const items = ({ table: { table } }: ClusterDashboardProps) => [
  graph("Read units", [table.metricConsumedReadCapacityUnits(sum)]),
  graph("Write units", [table.metricConsumedWriteCapacityUnits(sum)]),
  graph("Throttled", [table.metric("ReadThrottleEvents", sum), table.metric("WriteThrottleEvents", sum)]),
];
