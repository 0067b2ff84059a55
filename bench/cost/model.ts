/** What a deployment costs a month, from prices and from what was counted. docs/cost.md shows its table. */
import { prices } from "./prices.ts";

/**
 * What happens by itself, without anybody's use: measured by `npm run bench:cloud` over five minutes, or, where AWS'
 * own side does it, as its documentation says.
 */
export interface IdleCounts {
  /** Of the tick: read and write units and billed ms a run, one a minute. */
  readonly tick: { readonly readUnits: number; readonly writeUnits: number; readonly ms: number };
  /** Of a node a minute. `reports`: messages into the report queue, each of which is an invocation at most. */
  readonly node: {
    readonly longPolls: number;
    readonly reports: number;
    readonly readUnits: number;
    readonly writeUnits: number;
    readonly ms: number;
  };
  /** Of a node each five minutes: its Lease and its conditions, with all that they set off. */
  readonly nodeBeat: { readonly readUnits: number; readonly writeUnits: number; readonly invocations: number };
  /** Calls a minute of Lambda's pollers on one queue: at least five pollers, 20 s a poll. */
  readonly pollerCalls: number;
}

/** The deployment's own shape: lib/cdk has the same numbers. */
export const deployment = {
  standardQueues: 2,
  fifoQueues: 2,
  alarmMetrics: 16,
  functionGb: 0.5,
} as const;

/** A line of the bill: USD a month. */
export interface Line {
  readonly what: string;
  readonly usd: number;
}

const minutes = 730 * 60;

/** What a deployment costs before it has any cluster's use or node: the same for one cluster and for a thousand. */
export function floor({ pollerCalls, tick }: IdleCounts): Line[] {
  const { standardQueues, fifoQueues, alarmMetrics } = deployment;
  const calls = standardQueues * prices.standardCall + fifoQueues * prices.fifoCall;
  return [
    { what: "Lambda's pollers of four queues", usd: minutes * pollerCalls * calls },
    { what: "the signing key", usd: prices.key },
    { what: "alarms", usd: alarmMetrics * prices.alarmMetric },
    { what: "the tick", usd: minutes * (run(tick.ms) + units(tick)) },
  ];
}

/** What so many idle nodes cost, their machines left out. */
export function nodes(count: number, { node, nodeBeat }: IdleCounts): Line[] {
  const beats = (count * minutes) / 5;
  return [
    { what: "long polls of the inboxes", usd: count * minutes * node.longPolls * prices.standardCall },
    {
      what: "heartbeats through the report queue",
      // Sent once; received by pollers that are paid for already, deleted once.
      usd: count * minutes * (node.reports * (2 * prices.standardCall + run(node.ms)) + units(node)),
    },
    {
      what: "Leases and conditions, written each five minutes",
      usd: beats * (units(nodeBeat) + nodeBeat.invocations * run(node.ms)),
    },
  ];
}

/** An invocation of so many ms. */
function run(ms: number): number {
  return prices.invocation + (ms / 1000) * deployment.functionGb * prices.gbSecond;
}

function units({ readUnits, writeUnits }: { readonly readUnits: number; readonly writeUnits: number }): number {
  return readUnits * prices.readUnit + writeUnits * prices.writeUnit;
}

const sum = (lines: readonly Line[]) => lines.reduce((total, { usd }) => total + usd, 0);

/** The table of docs/cost.md: 0, 1, 10 and 100 idle nodes. */
export function costTable(counts: IdleCounts): string {
  const sizes = [0, 1, 10, 100];
  const row = (what: string, cells: readonly number[]) =>
    `| ${what} | ${cells.map((usd) => usd.toFixed(2)).join(" | ")} |`;
  const fixed = floor(counts).map(({ what, usd }) => row(what, Array(sizes.length).fill(usd)));
  const perNode = sizes.map((size) => nodes(size, counts));
  const growing = perNode[0].map(({ what }, index) =>
    row(
      what,
      perNode.map((lines) => lines[index].usd),
    ),
  );
  const controlPlane = perNode.map((lines) => sum(floor(counts)) + sum(lines));
  return [
    `| USD a month | ${sizes.map((size) => `${size} nodes`).join(" | ")} |`,
    `| --- | ${sizes.map(() => "---:").join(" | ")} |`,
    ...fixed,
    ...growing,
    row("**control plane**", controlPlane),
    row(
      "the machines themselves (t4g.small)",
      sizes.map((size) => size * prices.worker * 730),
    ),
  ].join("\n");
}
