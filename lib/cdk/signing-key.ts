/** The key that signs service accounts' tokens; its private half never leaves KMS. */
import { RemovalPolicy } from "aws-cdk-lib";
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Key, KeySpec, KeyUsage } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";

/** What the account's own IAM policies may give out: all but encryption, grants and imports, which no one needs. */
const managed = [
  "CancelKeyDeletion",
  "DescribeKey",
  "DisableKey",
  "EnableKey",
  "GetKeyPolicy",
  "GetKeyRotationStatus",
  "GetPublicKey",
  "ListKeyPolicies",
  "ListResourceTags",
  "PutKeyPolicy",
  "ScheduleKeyDeletion",
  "Sign",
  "TagResource",
  "UntagResource",
  "UpdateKeyDescription",
  "Verify",
];

/** How the key is kept. */
export interface SigningKeyProps {
  /** The key outlives its stack. False for emulators. */
  readonly keep: boolean;
}

/** An RSA key for RS256. KMS never turns an asymmetric key: it is replaced by a deployment with another one. */
export class SigningKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, { keep }: SigningKeyProps) {
    super(scope, id);
    const policy = new PolicyDocument({
      statements: [
        new PolicyStatement({
          principals: [new AccountRootPrincipal()],
          actions: managed.map((action) => `kms:${action}`),
          // In a key's policy: this key.
          resources: ["*"],
        }),
      ],
    });
    this.key = new Key(this, "Key", {
      description: "Signs the tokens of Coracle's service accounts",
      keySpec: KeySpec.RSA_2048,
      keyUsage: KeyUsage.SIGN_VERIFY,
      policy,
      removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
