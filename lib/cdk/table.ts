/** The one table: objects, their log, counters, health (layout: lib/aws/dynamodb/layout.ts). */
import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";

/** How the table is kept. */
export interface ClusterTableProps {
  /** The table outlives its stack and refuses to be deleted. False for emulators. */
  readonly keep: boolean;
}

/** On demand, with its history of 35 days, and a stream that tells each new item. */
export class ClusterTable extends Construct {
  readonly table: Table;
  /** Ends with the time at which the stream was made, so that a new stream is a new name. */
  readonly streamArn: string;

  constructor(scope: Construct, id: string, { keep }: ClusterTableProps) {
    super(scope, id);
    this.table = new Table(this, "Table", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_IMAGE,
      timeToLiveAttribute: "x",
      deletionProtection: keep,
      removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    if (this.table.tableStreamArn === undefined) throw new Error("a table with a stream has a stream's name");
    this.streamArn = this.table.tableStreamArn;
  }
}
