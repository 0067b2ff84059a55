/** What functions call, and what they may: each command of AWS' SDK in a bundle against the role of its function. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { bundle } from "../../../../lib/cdk/bundle.ts";
import type { ClusterFunction } from "../../../../lib/cdk/cluster-function.ts";
import { resourcesOfType, testDeployment } from "../../../support/cdk.ts";

const folder = mkdtempSync(join(tmpdir(), "calls-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { controlPlane } = testDeployment();
const policies = resourcesOfType(controlPlane, "AWS::IAM::Policy");

const inboxes = ["CreateQueue", "DeleteQueue", "GetQueueUrl", "ListQueues", "SetQueueAttributes"];
/** In a bundle and never called there. */
const uncalled: Readonly<Record<string, readonly string[]>> = {
  // `coracle up` makes its table itself, and a store that is told so.
  dynamodb: ["CreateTable", "DescribeTable", "DescribeTimeToLive", "UpdateTimeToLive"],
  // The SDK's own, where a client is told to look for other addresses.
  endpoints: ["DescribeEndpoints"],
};
/** Others know the controller of inboxes, for what wakes it, and never run it. */
const keeper = "controllers";

/** Actions by the commands' names; a command for several is allowed by the action for one. */
const actionsOf: Readonly<Record<string, readonly string[]>> = {
  "dynamodb:TransactWriteItems": ["ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"].map(
    (action) => `dynamodb:${action}`,
  ),
  "sqs:SendMessageBatch": ["sqs:SendMessage"],
};

/** What the commands in a bundle need. KMS is loaded as a whole: lib/aws/kms calls two of it. */
function needs(entry: string): Set<string> {
  const skipped = new Set([...Object.values(uncalled).flat(), ...(entry === keeper ? [] : inboxes)]);
  const commands = bundle(`lambdas/${entry}.ts`, join(folder, `${entry}.mjs`)).flatMap((name) => {
    const [, service, command] = /client-(dynamodb|sqs)\/.*\/commands\/(\w+)Command\.js$/.exec(name) ?? [];
    return command === undefined || skipped.has(command) ? [] : [`${service}:${command}`];
  });
  return new Set(commands.flatMap((command) => actionsOf[command] ?? [command]));
}

/** What is Lambda's to do before and after it calls a function. */
const lambdas = /^logs:|^sqs:(DeleteMessage|ReceiveMessage|GetQueueAttributes)$|^dynamodb:.*(Stream|Shard|Records)/;
/** Of what is called only where it is needed, or by Lambda for a failure. */
const others = /^kms:|^sqs:GetQueueUrl$/;

function granted({ role }: ClusterFunction): Set<string> {
  const id = controlPlane.getLogicalId(role.node.defaultChild as never);
  const own = policies.filter(
    ([, { Properties }]) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: id }]),
  );
  expect(own).toHaveLength(1);
  const statements: { Action: string | string[] }[] = own[0][1].Properties.PolicyDocument.Statement;
  return new Set(statements.flatMap(({ Action }) => Action));
}

it.each(controlPlane.functions.all.map((one) => [one.node.id, one] as const))("%s", (id, one) => {
  const entry = id.replace(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  const wanted = needs(basename(entry));
  const given = granted(one);
  expect([...wanted].filter((action) => !given.has(action))).toEqual([]);
  expect([...given].filter((action) => !wanted.has(action) && !lambdas.test(action) && !others.test(action))).toEqual(
    [],
  );
});
