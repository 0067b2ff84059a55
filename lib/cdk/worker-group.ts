/** Machines that run pods: an Auto Scaling group of one kind of machine. */
import { AutoScalingGroup, HealthChecks } from "aws-cdk-lib/aws-autoscaling";
import {
  AmazonLinuxCpuType,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
  SubnetType,
  type UserData,
} from "aws-cdk-lib/aws-ec2";
import type { Role } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { WorkerNetwork } from "./worker-network.ts";

/** What the group is. */
export interface WorkerGroupProps {
  readonly network: WorkerNetwork;
  readonly role: Role;
  readonly userData: UserData;
  /** An arm64 kind: `t4g.small`. */
  readonly instanceType: string;
  /** So many machines at first, and never fewer. */
  readonly size: number;
}

const volumeGiB = 30;
const mostMachines = 100;
const subnets = { subnetType: SubnetType.PUBLIC } as const;

/** Machines are cattle: what replaces one is a new Node. */
export class WorkerGroup extends Construct {
  readonly group: AutoScalingGroup;

  constructor(scope: Construct, id: string, props: WorkerGroupProps) {
    super(scope, id);
    const template = new LaunchTemplate(this, "Template", {
      instanceType: new InstanceType(props.instanceType),
      machineImage: MachineImage.latestAmazonLinux2023({ cpuType: AmazonLinuxCpuType.ARM_64 }),
      role: props.role,
      securityGroup: props.network.securityGroup,
      associatePublicIpAddress: true,
      userData: props.userData,
      // Version 2 alone, and one hop: a pod, which is a hop further, gets none of the machine's credentials.
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: "/dev/xvda",
          volume: BlockDeviceVolume.ebs(volumeGiB, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    this.group = new AutoScalingGroup(this, "Group", {
      vpc: props.network.vpc,
      vpcSubnets: subnets,
      launchTemplate: template,
      minCapacity: props.size,
      maxCapacity: Math.max(props.size, mostMachines),
      healthChecks: HealthChecks.ec2(),
    });
    // What a machine does first needs the way out.
    this.group.node.addDependency(props.network.vpc.selectSubnets(subnets).internetConnectivityEstablished);
    acknowledge(this, {
      "AwsSolutions-AS3": "No one need be told that machines come and go: Kubernetes shows its Nodes.",
      "AwsSolutions-EC28": "Detailed monitoring costs 2.10 USD a machine and month; Kubernetes shows its Nodes' state.",
      "AwsSolutions-EC29": "Machines of an Auto Scaling group come and go; what matters is not on them.",
    });
  }
}
