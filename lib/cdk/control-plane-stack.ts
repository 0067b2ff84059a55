/** What can be thrown away and made again: the API, the functions, the queues, and who wakes whom. */
import { CfnOutput, CfnParameter, Stack, type StackProps } from "aws-cdk-lib";
import { ResponseTransferMode } from "aws-cdk-lib/aws-apigateway";
import type { Construct } from "constructs";
import { Alarms } from "./alarms.ts";
import { ClusterDashboard } from "./dashboard.ts";
import { Functions } from "./functions.ts";
import { NodeRole } from "./node-role.ts";
import type { DeploymentOptions } from "./options.ts";
import { Queues } from "./queues.ts";
import { ClusterApi } from "./rest-api.ts";
import type { StateStack } from "./state-stack.ts";

/** What the stack is told. */
export interface ControlPlaneStackProps extends StackProps {
  readonly options: DeploymentOptions;
  readonly state: StateStack;
}

/** Everything that runs, but the nodes. */
export class ControlPlaneStack extends Stack {
  readonly api: ClusterApi;
  readonly queues: Queues;
  readonly functions: Functions;
  readonly nodeRole: NodeRole;

  constructor(scope: Construct, id: string, { options, state, ...props }: ControlPlaneStackProps) {
    super(scope, id, props);
    const adminArn = this.adminArn(options);
    const inboxPrefix = `${options.name.toLowerCase()}-inbox-`;
    this.queues = new Queues(this, "Queues");
    this.api = new ClusterApi(this, "Api", options);
    this.nodeRole = new NodeRole(this, "NodeRole", { reports: this.queues.reports.queue });
    this.functions = new Functions(this, "Functions", {
      options,
      state,
      queues: this.queues,
      environment: {
        TABLE_NAME: state.table.table.tableName,
        CLUSTERS: options.clusters,
        API_URL: this.api.url,
        WATCH_MODE: options.responseTransferMode === ResponseTransferMode.STREAM ? "stream" : "buffered",
      },
      adminArn,
      nodeRoleArn: this.nodeRole.role.roleArn,
      inboxPrefix,
    });
    this.api.serve(this.functions.api.function);
    const watched = { api: this.api, functions: this.functions, queues: this.queues, table: state.table };
    const alarms = new Alarms(this, "Alarms", { ...watched, topicArn: options.alarmTopicArn });
    new ClusterDashboard(this, "Dashboard", { ...watched, alarms });
    this.output("ApiUrl", this.api.url, "The server's URL of the cluster `default`.");
    this.output("ClusterName", options.clusters, "The clusters served; others than `default` at ApiUrl/clusters/NAME.");
    this.output("CertificateAuthority", "system", "Whom clients trust: API Gateway's certificate is a public one.");
    this.output("Region", this.region, "Where the deployment is.");
    this.output("AdminArn", adminArn, "Who is admin of every cluster.");
    this.output("NodeRoleArn", this.nodeRole.role.roleArn, "Whose sessions are nodes.");
    this.output("ReportsQueueUrl", this.queues.reports.queue.queueUrl, "Where nodes' agents report to.");
    this.output("TableName", state.table.table.tableName, "Where all state is.");
  }

  /** A parameter: it keeps its value when the stack is deployed again. */
  private adminArn({ emulator }: DeploymentOptions): string {
    if (emulator) return emulator.adminArn;
    const parameter = new CfnParameter(this, "AdminPrincipal", {
      description:
        "ARN of the IAM role or user that is admin of every cluster: aws sts get-caller-identity tells yours.",
      allowedPattern: "arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|user/.+|role/.+|assumed-role/.+)",
      constraintDescription: "the ARN of an IAM role or user",
    });
    return parameter.valueAsString;
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
