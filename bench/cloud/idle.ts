/** What happens by itself: invocations, DynamoDB's requests and the agent's calls over minutes without anybody's use. */
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { CloudCluster } from "../../test/localstack/support/cloud-cluster.ts";
import { functionName, type Invocation, invocationsOf } from "../../test/localstack/support/invocations.ts";
import type { Row } from "../row.ts";
import type { Call, Meter } from "./meter.ts";

/** Where the requests pass. */
export interface Meters {
  readonly database: Meter;
  readonly queues: Meter;
}

/** Waits, and gives what was counted a minute, by who did it. */
export async function idle(cluster: CloudCluster, meters: Meters, minutes: number): Promise<Row[]> {
  for (const meter of Object.values(meters)) meter.take();
  const from = Date.now();
  await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
  const [database, queues] = [meters.database.take(), meters.queues.take()];
  const invocations = invocationsOf(cluster.deployment).filter(({ at }) => at >= from);
  const nameOf = await names(cluster, new Set(database.map(({ key }) => key)));
  const row = (name: string, value: number, unit: string): Row => ({
    name: `idle: ${name}`,
    value: value / minutes,
    unit,
  });
  return [
    ...by(invocations, ({ function: name }) => name).flatMap(([name, some]) => [
      row(`${name}, invocations`, some.length, "/min"),
      row(
        `${name}, billed`,
        some.reduce((sum, { ms }: Invocation) => sum + ms, 0),
        "ms/min",
      ),
    ]),
    ...by(database, ({ key }) => nameOf.get(key) ?? key).flatMap(([name, some]) => [
      row(`${name}, DynamoDB requests`, some.length, "/min"),
      row(`${name}, read units`, sum(some, "readUnits"), "/min"),
      row(`${name}, write units`, sum(some, "writeUnits"), "/min"),
    ]),
    ...by(queues, ({ action }) => action).map(([action, some]) => row(`the agent, ${action}`, some.length, "/min")),
  ];
}

const sum = (calls: readonly Call[], units: "readUnits" | "writeUnits") =>
  calls.reduce((all, call) => all + call[units], 0);

function by<T>(items: readonly T[], name: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, name)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The functions that keys belong to: each process took its function's role, under the function's name. */
async function names({ deployment }: CloudCluster, keys: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = await Promise.all(
    [...keys].map(async (accessKeyId) => {
      const credentials = { accessKeyId, secretAccessKey: "none" };
      const client = new STSClient({ region: "us-east-1", endpoint: deployment.endpoint, credentials });
      const { Arn = "" } = await client.send(new GetCallerIdentityCommand({}));
      client.destroy();
      return [accessKeyId, functionName(Arn.split("/").at(-1) ?? "")] as const;
    }),
  );
  return new Map(found);
}
