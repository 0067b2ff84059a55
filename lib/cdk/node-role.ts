/** What the machine of a node may: report, and read its inbox. All else it asks of the Kubernetes API, as a node. */
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { arnPrefix } from "./cluster-function.ts";

/** What nodes reach. */
export interface NodeRoleProps {
  readonly reports: IQueue;
  readonly inboxPrefix: string;
}

/**
 * An EC2 instance's session of this role is named by the instance's id, which is the Node's name: so the API server and
 * the function that reads reports know who speaks.
 */
export class NodeRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { reports, inboxPrefix }: NodeRoleProps) {
    super(scope, id);
    this.role = new Role(this, "Role", {
      description: "Coracle: the worker nodes",
      assumedBy: new ServicePrincipal("ec2.amazonaws.com"),
      // Shells and patches by way of Systems Manager: no port is open, no key is handed out.
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName("AmazonSSMManagedInstanceCore")],
    });
    this.role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [reports.queueArn] }));
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ["sqs:DeleteMessage", "sqs:ReceiveMessage"],
        resources: [`${arnPrefix(this, "sqs")}:${inboxPrefix}*`],
      }),
    );
    const finding = `arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:${inboxPrefix}*`;
    acknowledge(this, {
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]":
        "AWS' own policy for machines under Systems Manager, kept current by AWS.",
      [`AwsSolutions-IAM5[Resource::${finding}]`]:
        "An inbox is named by its Node's uid, which no policy knows. It holds nudges only: what changed is read over HTTPS.",
    });
  }
}
