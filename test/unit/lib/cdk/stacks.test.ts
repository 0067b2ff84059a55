/** What the stacks are made of; the whole of them is in test/golden/cdk. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { resourcesOf, resourcesOfType, templateOf, testDeployment } from "../../../support/cdk.ts";

const root = join(import.meta.dirname, "../../../..");
const { state, controlPlane, workers } = testDeployment();
const workerStack = workers as Stack;
const control = Template.fromStack(controlPlane);
const one = (stack: Stack, type: string) => {
  const found = resourcesOfType(stack, type);
  expect(found).toHaveLength(1);
  return found[0][1].Properties;
};

/** Hashes of what is uploaded change with the code. */
const withoutHashes = (text: string) =>
  text.replace(/[0-9a-f]{64}/g, "HASH").replace(/(Deployment\w{8})[0-9a-f]{32}/g, "$1");

describe.each(
  [state, controlPlane, workerStack].map((stack) => [stack.stackName, stack] as const),
)("%s", (name, stack) => {
  it("is as the golden file says", () => {
    const file = join(root, "test/golden/cdk", `${name}.json`);
    const text = withoutHashes(`${JSON.stringify(templateOf(stack), null, 1)}\n`);
    if (process.env.UPDATE_GOLDEN) {
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, text);
    }
    expect(text).toBe(readFileSync(file, "utf8"));
  });
});

describe("the table", () => {
  it("is on demand, with its history, a stream of new items, and what expires", () => {
    expect(one(state, "AWS::DynamoDB::Table")).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: "NEW_IMAGE" },
      TimeToLiveSpecification: { AttributeName: "x", Enabled: true },
      DeletionProtectionEnabled: true,
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    });
  });

  it("and the key outlive the stack", () => {
    const policies = Object.values(resourcesOf(state)).map(({ DeletionPolicy }) => DeletionPolicy);
    expect(policies).toEqual(["Retain", "Retain"]);
    expect(state.terminationProtection).toBe(true);
  });

  it("is the only one anywhere", () => {
    for (const stack of [controlPlane, workerStack]) {
      expect(resourcesOfType(stack, "AWS::DynamoDB::Table")).toEqual([]);
      expect(resourcesOfType(stack, "AWS::DynamoDB::GlobalTable")).toEqual([]);
    }
  });
});

describe("queues", () => {
  const queues = new Map(resourcesOfType(controlPlane, "AWS::SQS::Queue"));
  const deadLetters = new Set(
    [...queues.values()].flatMap(
      ({ Properties: { RedrivePolicy } }) => RedrivePolicy?.deadLetterTargetArn["Fn::GetAtt"][0] ?? [],
    ),
  );
  for (const [, { Properties }] of resourcesOfType(controlPlane, "AWS::Lambda::EventSourceMapping")) {
    const failures = Properties.DestinationConfig?.OnFailure.Destination["Fn::GetAtt"][0];
    if (failures) deadLetters.add(failures);
  }
  for (const [, { Properties }] of resourcesOfType(controlPlane, "AWS::Events::Rule")) {
    for (const { DeadLetterConfig } of Properties.Targets) deadLetters.add(DeadLetterConfig.Arn["Fn::GetAtt"][0]);
  }

  it("have dead letters, or are dead letters'", () => {
    const without = [...queues].filter(([id, { Properties }]) => !Properties.RedrivePolicy && !deadLetters.has(id));
    expect(without.map(([id]) => id)).toEqual([]);
    expect(queues.size).toBe(10);
    expect(deadLetters.size).toBe(6);
  });

  it("of FIFO kind have dead letters of FIFO kind, others not", () => {
    for (const { Properties } of queues.values()) {
      const target = queues.get(Properties.RedrivePolicy?.deadLetterTargetArn["Fn::GetAtt"][0]);
      if (target) expect(target.Properties.FifoQueue).toBe(Properties.FifoQueue);
    }
  });

  it("of FIFO kind are limited by the group", () => {
    const fifo = [...queues].filter(([id, { Properties }]) => Properties.FifoQueue && !deadLetters.has(id));
    expect(fifo).toHaveLength(2);
    for (const [, { Properties }] of fifo) {
      expect(Properties).toMatchObject({
        FifoThroughputLimit: "perMessageGroupId",
        DeduplicationScope: "messageGroup",
      });
    }
  });

  it("are encrypted and refuse what comes without TLS", () => {
    const policies = resourcesOfType(controlPlane, "AWS::SQS::QueuePolicy").map(([, { Properties }]) => Properties);
    for (const [id, { Properties }] of queues) {
      expect(Properties.SqsManagedSseEnabled).toBe(true);
      const own = policies.find(({ Queues }) => Queues[0].Ref === id);
      expect(JSON.stringify(own)).toContain('"aws:SecureTransport":"false"');
    }
  });
});

/** The variables that functions read. */
const known = new Set(
  [...readFileSync(join(root, "lambdas/wiring/environment.ts"), "utf8").matchAll(/"([A-Z][A-Z_]+)"/g)].map(
    ([, name]) => name,
  ),
);

describe("functions", () => {
  const functions = resourcesOfType(controlPlane, "AWS::Lambda::Function");
  const mappings = resourcesOfType(controlPlane, "AWS::Lambda::EventSourceMapping");

  it("are six, of Node.js 24 on arm64, each with a log that forgets", () => {
    expect(functions).toHaveLength(6);
    const logs = new Map(resourcesOfType(controlPlane, "AWS::Logs::LogGroup"));
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], Handler: "index.handler" });
      expect(logs.get(Properties.LoggingConfig.LogGroup.Ref)?.Properties.RetentionInDays).toBe(30);
    }
  });

  it("run no longer than a message is hidden", () => {
    const queues = new Map(resourcesOfType(controlPlane, "AWS::SQS::Queue"));
    const timeouts = new Map(functions.map(([id, { Properties }]) => [id, Properties.Timeout as number]));
    const pairs = mappings.flatMap(([, { Properties }]) => {
      const queue = queues.get(Properties.EventSourceArn["Fn::GetAtt"]?.[0]);
      const timeout = timeouts.get(Properties.FunctionName.Ref);
      return queue ? [{ visible: queue.Properties.VisibilityTimeout, timeout }] : [];
    });
    expect(pairs).toHaveLength(4);
    for (const { visible, timeout } of pairs) expect(visible).toBeGreaterThan(timeout as number);
    expect(pairs).toContainEqual({ visible: 20, timeout: 15 });
  });

  it("may wake each other for ever: Lambda takes no loop for an accident", () => {
    for (const [, { Properties }] of functions) expect(Properties.RecursiveLoop).toBe("Allow");
  });

  it("answer for each message of a batch", () => {
    for (const [, { Properties }] of mappings) {
      expect(Properties.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
    }
  });

  it("are woken by log entries alone, from the stream's begin, and no bad one stops a shard", () => {
    control.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      StartingPosition: "TRIM_HORIZON",
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 3600,
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
      FilterCriteria: {
        Filters: [
          { Pattern: Match.serializedJson({ eventName: ["INSERT"], dynamodb: { NewImage: { t: { S: ["log"] } } } }) },
        ],
      },
    });
    const readers = mappings.filter(([, { Properties }]) =>
      JSON.stringify(Properties.EventSourceArn).includes("StreamArn"),
    );
    expect(readers).toHaveLength(1);
  });

  it("tick each minute, once", () => {
    control.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(1 minute)",
      State: "ENABLED",
      Targets: [Match.objectLike({ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } })],
    });
  });

  it("are told nothing that they do not read, and no secret", () => {
    const told = new Set(functions.flatMap(([, { Properties }]) => Object.keys(Properties.Environment.Variables)));
    expect([...told].filter((name) => !known.has(name))).toEqual([]);
    expect([...told].filter((name) => /PEM|TOKEN|SECRET|PASSWORD|STS/.test(name))).toEqual([]);
  });

  it("of the API may stream for a quarter of an hour", () => {
    const api = functions.find(([id]) => id.startsWith("FunctionsApi"));
    expect(api?.[1].Properties.Timeout).toBe(900);
  });
});

describe("the API", () => {
  const methods = (stack: Stack) =>
    resourcesOfType(stack, "AWS::ApiGateway::Method").map(([, { Properties }]) => Properties);

  it("is regional and streams every path for a quarter of an hour", () => {
    expect(one(controlPlane, "AWS::ApiGateway::RestApi")).toMatchObject({
      EndpointConfiguration: { Types: ["REGIONAL"] },
      BinaryMediaTypes: ["*/*"],
    });
    expect(methods(controlPlane)).toHaveLength(2);
    for (const { HttpMethod, Integration } of methods(controlPlane)) {
      expect(HttpMethod).toBe("ANY");
      expect(Integration).toMatchObject({
        Type: "AWS_PROXY",
        ResponseTransferMode: "STREAM",
        TimeoutInMillis: 900_000,
      });
      expect(JSON.stringify(Integration.Uri)).toContain("/response-streaming-invocations");
    }
  });

  it("buffers where one context value says so", () => {
    const { controlPlane: buffered } = testDeployment({ responseTransferMode: "BUFFERED" });
    for (const { Integration } of methods(buffered)) {
      expect(Integration).toMatchObject({ ResponseTransferMode: "BUFFERED", TimeoutInMillis: 29_000 });
      expect(JSON.stringify(Integration.Uri)).toContain("/invocations");
    }
    const modes = resourcesOfType(buffered, "AWS::Lambda::Function").map(
      ([, { Properties }]) => Properties.Environment.Variables.WATCH_MODE,
    );
    expect(new Set(modes)).toEqual(new Set(["buffered"]));
  });

  it("logs neither headers nor queries: they hold tokens", () => {
    const { AccessLogSetting } = one(controlPlane, "AWS::ApiGateway::Stage");
    expect(AccessLogSetting.Format).toContain("$context.path");
    expect(AccessLogSetting.Format).not.toMatch(/header|query|authori/i);
  });
});

describe("alarms", () => {
  it("look at the stream's lag, dead letters, errors and throttling, and are no alarm without data", () => {
    const alarms = resourcesOfType(controlPlane, "AWS::CloudWatch::Alarm");
    expect(alarms.map(([id]) => id.replace(/\w{8}$/, ""))).toEqual([
      "AlarmsStreamIsLate",
      "AlarmsDeadLetters",
      "AlarmsServerErrors",
      "AlarmsThrottled",
    ]);
    for (const [, { Properties }] of alarms) expect(Properties.TreatMissingData).toBe("notBreaching");
    const text = JSON.stringify(alarms);
    for (const metric of ["IteratorAge", "ApproximateNumberOfMessagesVisible", "5XXError", "Throttles"]) {
      expect(text).toContain(metric);
    }
    control.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
  });

  it("that add metrics up take one without data for nothing: else no alarm would ever be raised", () => {
    const sums = resourcesOfType(controlPlane, "AWS::CloudWatch::Alarm").flatMap(
      ([, { Properties }]) => Properties.Metrics ?? [],
    );
    const expressions = sums.flatMap(({ Expression }: { Expression?: string }) => Expression ?? []);
    expect(expressions).toHaveLength(2);
    for (const expression of expressions) expect(expression).toMatch(/^FILL\(m\d+,0\)(\+FILL\(m\d+,0\))+$/);
  });

  it("tell a topic where there is one", () => {
    const alarmTopicArn = "arn:aws:sns:eu-central-1:111122223333:on-call";
    const { controlPlane: told } = testDeployment({ alarmTopicArn });
    const actions = resourcesOfType(told, "AWS::CloudWatch::Alarm").map(
      ([, { Properties }]) => Properties.AlarmActions,
    );
    expect(actions).toEqual([[alarmTopicArn], [alarmTopicArn], [alarmTopicArn], [alarmTopicArn]]);
  });
});

describe("the outputs", () => {
  it("are what `coracle kubeconfig` and operators need", () => {
    const named = Object.keys(templateOf(controlPlane).Outputs).filter((name) => !name.startsWith("Exports"));
    expect(named.sort()).toEqual([
      "AdminArn",
      "ApiUrl",
      "CertificateAuthority",
      "ClusterName",
      "NodeRoleArn",
      "Region",
      "ReportsQueueUrl",
      "TableName",
    ]);
  });

  it("ask for the admin, and keep who it was: a parameter without a default", () => {
    const { AdminPrincipal } = templateOf(controlPlane).Parameters;
    expect(AdminPrincipal).not.toHaveProperty("Default");
    expect(AdminPrincipal).toHaveProperty("AllowedPattern");
  });
});

describe("in an emulator", () => {
  const emulated = testDeployment({
    emulator: "true",
    endpoint: "http://localhost:4570",
    adminArn: "arn:aws:iam::000000000000:role/operators",
    functionEnvironment: JSON.stringify({
      NODE_ROLE_ARN: "arn:aws:iam::000000000000:role/nodes",
      SIGNING_KEY_PEM: "given",
    }),
  });
  const variables = resourcesOfType(emulated.controlPlane, "AWS::Lambda::Function").map(
    ([, { Properties }]) => Properties.Environment.Variables,
  );

  it("there are no machines, nothing is kept, and the API is at its endpoint", () => {
    expect(emulated.workers).toBeUndefined();
    const policies = Object.values(resourcesOf(emulated.state)).map(({ DeletionPolicy }) => DeletionPolicy);
    expect(policies).toEqual(["Delete"]);
    expect(JSON.stringify(variables[0].API_URL)).toContain("http://localhost:4570/_aws/execute-api/");
  });

  it("what the harness gives wins, and a key in PEM replaces KMS", () => {
    for (const one of variables) {
      expect(one.NODE_ROLE_ARN).toBe("arn:aws:iam::000000000000:role/nodes");
      expect(one.SIGNING_KEY_PEM).toBe("given");
      expect(one.SIGNING_KEY_ID).toBeUndefined();
    }
    expect(resourcesOfType(emulated.state, "AWS::KMS::Key")).toEqual([]);
  });
});

describe("docs/aws.md", () => {
  const document = readFileSync(join(root, "docs/aws.md"), "utf8");
  const rows = (after: string) => {
    const table = document.slice(document.indexOf(after)).split("\n\n")[0];
    return table
      .trimEnd()
      .split("\n")
      .slice(2)
      .map((row) => [...row.split("|")[1].matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  };

  it("lists the context values that there are", () => {
    const source = readFileSync(join(root, "lib/cdk/options.ts"), "utf8");
    const read = new Set([...source.matchAll(/text\("(\w+)"\)/g)].map(([, name]) => name));
    const listed = [...rows("| context value (`-c"), ...rows("| context value | default")].flat();
    expect(listed.sort()).toEqual([...read].sort());
  });

  it("lists the variables that functions are told, and no others than they read", () => {
    const functions = resourcesOfType(controlPlane, "AWS::Lambda::Function");
    const told = new Set(functions.flatMap(([, { Properties }]) => Object.keys(Properties.Environment.Variables)));
    const listed = rows("| variable | what |").flat();
    expect([...told].filter((name) => !listed.includes(name))).toEqual([]);
    expect(listed.filter((name) => !known.has(name))).toEqual([]);
  });

  it("counts the metrics that alarms read", () => {
    const counts = resourcesOfType(controlPlane, "AWS::CloudWatch::Alarm").map(([, { Properties }]) =>
      Properties.Metrics ? Properties.Metrics.filter((one: object) => "MetricStat" in one).length : 1,
    );
    expect(document).toContain(counts.join(" + "));
    const sum = counts.reduce((total, count) => total + count, 0);
    expect(document).toContain(`| ${(sum / 10).toFixed(2)} |`);
  });
});

it("another name makes another deployment beside the first", () => {
  const other = testDeployment({ name: "Staging", clusters: "blue,green" });
  expect(other.controlPlane.stackName).toBe("StagingControlPlane");
  const text = JSON.stringify(templateOf(other.controlPlane));
  expect(text).toContain("staging-inbox-");
  expect(text).not.toContain("coracle-inbox-");
  const api = resourcesOfType(other.controlPlane, "AWS::ApiGateway::RestApi");
  expect(api.map(([, { Properties }]) => Properties.Name)).toEqual(["Staging"]);
  expect(text).toContain('{"Name":"ApiName","Value":"Staging"}');
  const [, { Properties }] = resourcesOfType(other.workers as Stack, "AWS::EC2::LaunchTemplate")[0];
  expect(JSON.stringify(Properties.LaunchTemplateData.UserData)).toContain("--cluster blue --api");
});
