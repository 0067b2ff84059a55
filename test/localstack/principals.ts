/** Who calls in the tests: keys that the stand-in for STS knows, and whom they belong to. No emulator checks them. */

/** A caller's key. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Who STS says that it is. */
  readonly arn: string;
}

const account = "000000000000";
const secretOf = (name: string) => `secret-of-${name}`.padEnd(40, "/");

/** The role that the deployment makes admin. */
export const adminArn = `arn:aws:iam::${account}:role/operators`;
/** The role of the nodes' machines. */
export const nodeRoleArn = `arn:aws:iam::${account}:role/nodes`;

/** Someone who took the admin's role. */
export const admin: Principal = {
  accessKeyId: "AKIATESTADMIN",
  secretAccessKey: secretOf("admin"),
  arn: `arn:aws:sts::${account}:assumed-role/operators/somebody`,
};

/** Someone whom no access entry names. */
export const stranger: Principal = {
  accessKeyId: "AKIATESTSTRANGER",
  secretAccessKey: secretOf("stranger"),
  arn: `arn:aws:iam::${account}:user/stranger`,
};

/** A machine of the node group: the role's session is named after the machine, as EC2 does. */
export function node(instanceId: string): Principal {
  return {
    accessKeyId: `AKIATEST${instanceId.replaceAll("-", "").toUpperCase()}`,
    secretAccessKey: secretOf(instanceId),
    arn: `arn:aws:sts::${account}:assumed-role/nodes/${instanceId}`,
  };
}

/** The two nodes of the tests. */
export const nodes = [node("i-00000000000000001"), node("i-00000000000000002")] as const;

/** All of them, by their key's id. */
export const principals: ReadonlyMap<string, Principal> = new Map(
  [admin, stranger, ...nodes].map((one) => [one.accessKeyId, one]),
);
