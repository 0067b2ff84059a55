/** The network of the workers: public subnets, for a NAT gateway costs more than a small cluster's machines. */
import { GatewayVpcEndpointAwsService, IpAddresses, Port, SecurityGroup, SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/** Nothing comes in from outside; workers reach each other. */
export class WorkerNetwork extends Construct {
  readonly vpc: Vpc;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = new Vpc(this, "Vpc", {
      // Pods' ranges are 10.A.B.0/24 of the machine 172.20.A.B, with A below 32: they never meet the Services' 10.96.0.0/16.
      ipAddresses: IpAddresses.cidr("172.20.0.0/16"),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: "Public", subnetType: SubnetType.PUBLIC, cidrMask: 20 }],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
      // Its restriction would be a function of its own, with rights to change security groups. Nothing is in that group.
      restrictDefaultSecurityGroup: false,
    });
    acknowledge(this.vpc, {
      "AwsSolutions-VPC7":
        "Flow logs are billed by volume; who wants them adds them to the VPC, which this stack keeps.",
    });
    this.securityGroup = new SecurityGroup(this, "Workers", {
      vpc: this.vpc,
      description: "Coracle workers: nothing from outside, all among themselves",
      allowAllOutbound: true,
    });
    this.securityGroup.addIngressRule(this.securityGroup, Port.allTraffic(), "Pods and node ports of other workers");
  }
}
