/** Findings of cdk-nag that stand, each with its reason. */
import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Rules by their id (`AwsSolutions-IAM5[Resource::*]`) and why what they find on this construct is right. */
export type Reasons = Readonly<Record<string, string>>;

/** Acknowledges findings on a construct and all in it. */
export function acknowledge(construct: IConstruct, reasons: Reasons): void {
  const rules = Object.entries(reasons).map(([id, reason]) => ({ id, reason }));
  Validations.of(construct).acknowledge(...rules);
}
