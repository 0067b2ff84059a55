/**
 * What the machine of a node may: report. Its inbox says itself that this node may read it, and no other
 * (lib/aws/nodes/inbox-queues.ts); all else the node asks of the Kubernetes API, as a node.
 */
import { AnyPrincipal, Effect, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/** What nodes reach. */
export interface NodeRoleProps {
  readonly reports: IQueue;
}

/**
 * An EC2 instance's session of this role is named by the instance's id, which is the Node's name: so the API server and
 * the function that reads reports know who speaks.
 */
export class NodeRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { reports }: NodeRoleProps) {
    super(scope, id);
    this.role = new Role(this, "Role", {
      description: "Coracle: the worker nodes",
      assumedBy: new ServicePrincipal("ec2.amazonaws.com"),
      // Shells and patches by way of Systems Manager: no port is open, no key is handed out.
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName("AmazonSSMManagedInstanceCore")],
    });
    this.role.addToPolicy(new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [reports.queueArn] }));
    // Who else of the account may send to queues may not do so in the name of a machine.
    reports.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["sqs:SendMessage"],
        resources: [reports.queueArn],
        conditions: { ArnNotEquals: { "aws:PrincipalArn": this.role.roleArn } },
      }),
    );
    acknowledge(this, {
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]":
        "AWS' own policy for machines under Systems Manager, kept current by AWS.",
    });
  }
}
