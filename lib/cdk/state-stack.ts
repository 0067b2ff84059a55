/** What must survive everything else: the table and the signing key. */
import { Stack, type StackProps } from "aws-cdk-lib";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { DeploymentOptions } from "./options.ts";
import { SigningKey } from "./signing-key.ts";
import { ClusterTable } from "./table.ts";

/** What the stack is told. */
export interface StateStackProps extends StackProps {
  readonly options: DeploymentOptions;
}

/** Changes here are rare; `cdk destroy` leaves table and key in the account. */
export class StateStack extends Stack {
  readonly table: ClusterTable;
  /** Undefined in an emulator that is given a key in PEM. */
  readonly signingKey: Key | undefined;

  constructor(scope: Construct, id: string, { options, ...props }: StateStackProps) {
    super(scope, id, props);
    const { emulator } = options;
    const keep = emulator === undefined;
    this.table = new ClusterTable(this, "State", { keep });
    const given = Object.keys(emulator?.environment ?? {}).some((name) => name.startsWith("SIGNING_KEY_PEM"));
    if (!given) this.signingKey = new SigningKey(this, "SigningKey", { keep }).key;
  }
}
