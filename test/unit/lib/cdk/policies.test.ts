/** Who may do what: every statement of every template is read. */
import type { Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { describe, expect, it } from "vitest";
import { addDeployment } from "../../../../lib/cdk/deployment.ts";
import { resourcesOf, resourcesOfType, testApp, testDeployment } from "../../../support/cdk.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Every statement that lets somebody do something, with the resource that it stands in. */
function allowed(stack: Stack): { where: string; statement: Statement }[] {
  const found: { where: string; statement: Statement }[] = [];
  const walk = (where: string, value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    const { Effect, Action } = value as Partial<Statement>;
    if (Effect === "Allow" && Action !== undefined) found.push({ where, statement: value as Statement });
    for (const one of Object.values(value)) walk(where, one);
  };
  for (const [id, { Properties }] of Object.entries(resourcesOf(stack))) walk(id, Properties);
  return found;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
const { app, state, controlPlane, workers } = testDeployment();
const stacks: [string, Stack][] = [state, controlPlane, workers as Stack].map((stack) => [stack.stackName, stack]);
// Here and not in the first test, which would take the blame for the time that it needs.
for (const [, stack] of stacks) resourcesOf(stack);

/** All resources, and why. */
const everything: Readonly<Record<string, string>> = {
  "dynamodb:ListStreams": "can be granted for no single stream",
  "sqs:ListQueues": "can be granted for no single queue",
};

describe.each(stacks)("%s", (_name, stack) => {
  it("lets nobody do everything of a kind", () => {
    const wide = allowed(stack).flatMap(({ where, statement }) =>
      list(statement.Action)
        .filter((action) => String(action).includes("*"))
        .map((action) => `${where}: ${action}`),
    );
    expect(wide).toEqual([]);
  });

  it("names resources, but where none can be named", () => {
    const wide = allowed(stack)
      .filter(({ statement: { Resource } }) => list(Resource).includes("*"))
      // A key's own policy: "*" is the key.
      .filter(({ where }) => resourcesOf(stack)[where].Type !== "AWS::KMS::Key")
      .flatMap(({ where, statement }) => list(statement.Action).map((action) => ({ where, action: String(action) })));
    expect(wide.filter(({ action }) => !(action in everything))).toEqual([]);
  });

  it("names parts of resources only for inboxes, which come and go with nodes", () => {
    const partly = allowed(stack)
      .map(({ statement: { Resource } }) => JSON.stringify(Resource ?? ""))
      .filter((text) => text.includes("*") && text !== '"*"');
    expect(partly.filter((text) => !text.includes(":coracle-inbox-*"))).toEqual([]);
  });

  it("lets nobody in from another account", () => {
    const principals = allowed(stack).flatMap(({ statement }) => list(statement.Principal ?? []));
    const texts = principals.map((principal) => JSON.stringify(principal));
    expect(texts.filter((text) => /"\*"|\d{12}/.test(text))).toEqual([]);
  });
});

it("each grant of everything is in use", () => {
  const granted = allowed(controlPlane).filter(({ statement }) => list(statement.Resource).includes("*"));
  const actions = new Set(granted.flatMap(({ statement }) => list(statement.Action)));
  expect([...actions].sort()).toEqual(Object.keys(everything).sort());
});

describe("least privilege", () => {
  const actionsOf = (id: string) => {
    const own = allowed(controlPlane).filter(({ where }) => where.startsWith(`Functions${id}Role`));
    return new Set(own.flatMap(({ statement }) => list(statement.Action)).map(String));
  };

  it("only the API server signs", () => {
    const signers = controlPlane.functions.all.filter(({ node }) => actionsOf(node.id).has("kms:Sign"));
    expect(signers.map(({ node }) => node.id)).toEqual(["Api"]);
  });

  it("the API server sends no messages and reads no queue", () => {
    expect([...actionsOf("Api")].filter((action) => action.startsWith("sqs:"))).toEqual([]);
  });

  it("only who works on a FIFO queue makes dead letters itself, and of that queue alone", () => {
    const senders = allowed(controlPlane)
      .filter(({ statement }) => list(statement.Action).includes("sqs:SendMessage"))
      .filter(({ where }) => where.startsWith("Functions"))
      .flatMap(({ where, statement }) => list(statement.Resource).map((queue) => [where, JSON.stringify(queue)]))
      .filter(([, queue]) => /DeadLetters/.test(queue));
    const found = senders.map(([where, queue]) => [
      /^Functions(\w+?)Role/.exec(where)?.[1],
      /Queues(\w+?)DeadLetters/.exec(queue)?.[1],
    ]);
    expect(found.sort()).toEqual([
      ["Controllers", "Controllers"],
      ["Scheduler", "Scheduler"],
    ]);
  });

  it("only who learns of what concerns nodes tells them", () => {
    const tellers = controlPlane.functions.all.filter(({ node }) => {
      const own = allowed(controlPlane).filter(({ where }) => where.startsWith(`Functions${node.id}Role`));
      const sends = own.filter(({ statement }) => list(statement.Action).includes("sqs:SendMessage"));
      return JSON.stringify(sends.map(({ statement }) => statement.Resource)).includes("-inbox-*");
    });
    expect(tellers.map(({ node }) => node.id)).toEqual(["Dispatch", "Scheduler"]);
  });

  it("only who keeps inboxes makes queues", () => {
    const makers = controlPlane.functions.all.filter(({ node }) => actionsOf(node.id).has("sqs:CreateQueue"));
    expect(makers.map(({ node }) => node.id)).toEqual(["Controllers"]);
  });

  it("each function has a role of its own", () => {
    expect(new Set(controlPlane.functions.all.map(({ role }) => role)).size).toBe(6);
  });

  it("a node may send reports, fetch the agent, and nothing else", () => {
    const own = [...allowed(controlPlane), ...allowed(workers as Stack)].filter(
      ({ where }) => where.startsWith("NodeRoleDefaultPolicy") || where.startsWith("FetchesAgent"),
    );
    expect(own.flatMap(({ statement }) => list(statement.Action)).sort()).toEqual(["s3:GetObject", "sqs:SendMessage"]);
  });
});

it("nobody but nodes reports", () => {
  const text = JSON.stringify(resourcesOfType(controlPlane, "AWS::SQS::QueuePolicy"));
  const role = '{"Fn::GetAtt":["NodeRole52753DAC","Arn"]}';
  expect(text).toContain(
    `{"Action":"sqs:SendMessage","Condition":{"ArnNotEquals":{"aws:PrincipalArn":${role}}},"Effect":"Deny","Principal":{"AWS":"*"}`,
  );
});

describe("cdk-nag", () => {
  const packs = [new AwsSolutionsChecks(), new ServerlessChecks()];

  it("finds nothing that is not acknowledged", () => {
    const found = packs.flatMap((pack) => pack.validateScope(app).violations);
    expect(found.map(({ ruleName, violatingResources }) => ({ ruleName, violatingResources }))).toEqual([]);
  });

  it("would find an open bucket and a role that may do everything", () => {
    const other = testApp();
    const deployment = addDeployment(other);
    new Bucket(deployment.controlPlane, "Open");
    deployment.controlPlane.functions.api.role.addToPolicy(
      new PolicyStatement({ actions: ["s3:*"], resources: ["*"] }),
    );
    const found = packs.flatMap((pack) => pack.validateScope(other).violations).map(({ ruleName }) => ruleName);
    expect(found).toEqual(
      expect.arrayContaining(["AwsSolutions-S1", "AwsSolutions-IAM5[Action::s3:*]", "AwsSolutions-IAM5[Resource::*]"]),
    );
  });

  it("is told a reason with each acknowledgement", () => {
    const reasons = app.node
      .findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === "aws:cdk:acknowledged-rules")
      .flatMap(({ data }) => Object.values(data as Record<string, string>));
    expect(reasons.length).toBeGreaterThan(10);
    expect(reasons.filter((reason) => reason.split(" ").length < 5)).toEqual([]);
  });
});
