/** AWS list prices in USD, us-east-1, on demand, without free tiers (November 2026). Each with the page that has it. */
export const prices = {
  /** aws.amazon.com/dynamodb/pricing/on-demand */
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  /** A GB and month: stored, and once more for the history that point-in-time recovery keeps. */
  storedGb: 0.25,
  recoverableGb: 0.2,
  /** aws.amazon.com/lambda/pricing: arm64. */
  invocation: 0.2 / 1e6,
  gbSecond: 0.0000133334,
  /** aws.amazon.com/sqs/pricing: each call, and each 64 KB of it. */
  standardCall: 0.4 / 1e6,
  fifoCall: 0.5 / 1e6,
  /** aws.amazon.com/api-gateway/pricing: REST. */
  restCall: 3.5 / 1e6,
  /** aws.amazon.com/kms/pricing: a key a month. */
  key: 1,
  /** aws.amazon.com/cloudwatch/pricing: a month for each metric that an alarm reads. */
  alarmMetric: 0.1,
  /** aws.amazon.com/ec2/pricing, vpc/pricing and ebs/pricing: a t4g.small with its public address and 30 GB of gp3, an hour. */
  worker: 0.0168 + 0.005 + (30 * 0.08) / 730,
  /** aws.amazon.com/eks/pricing: what a managed control plane costs an hour. */
  managedControlPlane: 0.1,
} as const;
