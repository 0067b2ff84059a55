/** The functions: what each is given, and what it may. */
import { Duration } from "aws-cdk-lib";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { ClusterFunction, type ClusterFunctionProps } from "./cluster-function.ts";
import type { DeploymentOptions } from "./options.ts";
import type { Queues } from "./queues.ts";
import type { StateStack } from "./state-stack.ts";

/** What the functions share. */
export interface FunctionsProps {
  readonly options: DeploymentOptions;
  readonly state: StateStack;
  readonly queues: Queues;
  readonly environment: Readonly<Record<string, string>>;
  readonly adminArn: string;
}

/** One construct a function. */
export class Functions extends Construct {
  readonly api: ClusterFunction;
  private readonly props: FunctionsProps;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    this.props = props;
    this.api = this.add("Api", {
      entry: "lambdas/api.ts",
      description: "Coracle: the Kubernetes API server",
      data: ["facts", "objects", "descriptions"],
      memoryMiB: 512,
      timeout: Duration.minutes(15),
      environment: { ADMIN_ARN: props.adminArn },
    });
    this.api.usesTable(props.state.table);
    const { signingKey } = props.state;
    if (signingKey) {
      this.api.allow(["kms:GetPublicKey", "kms:Sign"], [signingKey.keyArn]);
      this.api.function.addEnvironment("SIGNING_KEY_ID", signingKey.keyArn);
    }
  }

  private add(id: string, props: ClusterFunctionProps): ClusterFunction {
    const { options, environment } = this.props;
    return new ClusterFunction(this, id, {
      ...props,
      environment: { ...environment, ...props.environment },
      architecture: options.emulator ? hostArchitecture() : Architecture.ARM_64,
    });
  }
}

const hostArchitecture = () => (process.arch === "arm64" ? Architecture.ARM_64 : Architecture.X86_64);
