/** Workers and their network: a stack of its own, so that it can be left out, or be deployed more than once. */
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import { Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { agentAsset } from "./agent-bundle.ts";
import type { ControlPlaneStack } from "./control-plane-stack.ts";
import type { DeploymentOptions } from "./options.ts";
import { WorkerGroup } from "./worker-group.ts";
import { WorkerNetwork } from "./worker-network.ts";
import { workerUserData } from "./worker-user-data.ts";

/** What the stack is told. */
export interface WorkerStackProps extends StackProps {
  readonly options: DeploymentOptions;
  readonly controlPlane: ControlPlaneStack;
}

/** The worker group of the first cluster. */
export class WorkerStack extends Stack {
  readonly workers: WorkerGroup;

  constructor(scope: Construct, id: string, { options, controlPlane, ...props }: WorkerStackProps) {
    super(scope, id, props);
    const { role } = controlPlane.nodeRole;
    const agent = agentAsset(this, "Agent");
    const [cluster] = options.clusters.split(",");
    const { url } = controlPlane.api;
    const userData = workerUserData({
      bucket: agent.s3BucketName,
      key: agent.s3ObjectKey,
      region: this.region,
      cluster,
      apiUrl: cluster === "default" ? url : `${url}/clusters/${cluster}`,
      reportsQueueUrl: controlPlane.queues.reports.queue.queueUrl,
    });
    const network = new WorkerNetwork(this, "Network");
    this.workers = new WorkerGroup(this, "Workers", {
      network,
      role,
      userData,
      instanceType: options.workerInstanceType,
      size: options.workers,
    });
    // That one object, not the whole bucket.
    const fetches = new Policy(this, "FetchesAgent", {
      roles: [role],
      statements: [
        new PolicyStatement({
          actions: ["s3:GetObject"],
          resources: [`arn:${this.partition}:s3:::${agent.s3BucketName}/${agent.s3ObjectKey}`],
        }),
      ],
    });
    // Without it a machine's first minute would be in vain.
    this.workers.group.node.addDependency(fetches);
    new CfnOutput(this, "AutoScalingGroup", {
      value: this.workers.group.autoScalingGroupName,
      description: "What is scaled, and refreshed after an upgrade.",
    });
  }
}
