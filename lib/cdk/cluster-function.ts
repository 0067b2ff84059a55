/** One of the functions of the control plane: its bundle, its role with what it needs and no more, its log. */
import { dirname, join } from "node:path";
import { AssetHashType, DockerImage, type Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { type BundleData, bundle, projectFolder, putData } from "./bundle.ts";
import type { ClusterTable } from "./table.ts";

/** What a function is. */
export interface ClusterFunctionProps {
  /** The source file of `lambdas/`. */
  readonly entry: string;
  readonly description: string;
  readonly data: readonly BundleData[];
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
  /** Emulators run functions on the machine that they are on. @default arm64 */
  readonly architecture?: Architecture;
}

/** What the API core does with the table. A transaction needs what its parts need. */
const tableActions = ["BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"];

/** Node 24; the SDK is in the bundle. */
export class ClusterFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: ClusterFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, "Log", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logGroup.logGroupArn]);
    this.function = new LambdaFunction(this, "Function", {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture ?? Architecture.ARM_64,
      handler: "index.handler",
      code: bundled(props.entry, props.data),
      memorySize: props.memoryMiB,
      timeout: props.timeout,
      environment: { ...props.environment },
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Controllers, scheduler and delays wake each other, and themselves, for as long as there is something to do:
      // Lambda would take that for an accident and end it after some sixteen times. What keeps it in bounds is back-off.
      recursiveLoop: RecursiveLoop.ALLOW,
    });
    acknowledge(this, {
      "Serverless-LambdaTracing":
        "X-Ray bills each traced request; the log has a line a request, and metrics tell durations and errors.",
      "Serverless-LambdaDLQ":
        "Queues and streams have dead letters of their own, the tick a destination; nothing else invokes asynchronously.",
    });
  }

  /** Lets the function do something. */
  allow(actions: readonly string[], resources: readonly string[]): void {
    this.role.addToPolicy(
      new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] }),
    );
  }

  /** Lets it read and write the clusters' items. */
  usesTable({ table }: ClusterTable): void {
    this.allow(
      tableActions.map((action) => `dynamodb:${action}`),
      [table.tableArn],
    );
  }

  /** Lets it send to a queue, and tells it where the queue is. */
  sends(queue: IQueue, variable: string): void {
    this.allow(["sqs:SendMessage"], [queue.queueArn]);
    this.function.addEnvironment(variable, queue.queueUrl);
  }
}

/** The bundle of an entry, made when the stack is synthesized. */
function bundled(entry: string, data: readonly BundleData[]): Code {
  return Code.fromAsset(dirname(join(projectFolder, entry)), {
    // The hash of what comes out: a change of a comment deploys nothing.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry("no-image-is-needed"),
      // Never run: what tells one bundle of the folder from another.
      command: [entry, ...data],
      local: {
        tryBundle(folder) {
          bundle(entry, join(folder, "index.mjs"));
          putData(data, folder);
          return true;
        },
      },
    },
  });
}

/** The region and account of a construct's stack, as they stand in names of resources. */
export const arnPrefix = (scope: Construct, service: string) => {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:${service}:${region}:${account}`;
};
