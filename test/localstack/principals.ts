/**
 * Who calls in the tests: keys that the stand-in for STS knows (../support/sts.ts), and whom they belong to. LocalStack
 * itself takes any key for anything.
 */
import type { Principal } from "../support/sts.ts";

const account = "000000000000";

/** The role that the deployment makes admin. */
export const adminArn = `arn:aws:iam::${account}:role/operators`;
/** The role of the nodes' machines. */
export const nodeRoleArn = `arn:aws:iam::${account}:role/nodes`;

/** Someone who took the admin's role. */
export const admin = session("operators", "somebody");

/** Someone whom no access entry names. */
export const stranger = session("strangers", "nobody");

/** The machines of the node group: a role's session is named after the machine, as EC2 does. */
export const nodes = [session("nodes", "i-00000000000000001"), session("nodes", "i-00000000000000002")] as const;

/** All of them. */
export const principals: readonly Principal[] = [admin, stranger, ...nodes];

function session(role: string, name: string): Principal {
  return {
    accessKeyId: `AKIA${name.replaceAll("-", "").toUpperCase()}`,
    secretAccessKey: `secret-of-${name}`.padEnd(40, "/"),
    account,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/${name}`,
    userId: `AROA${role.toUpperCase()}:${name}`,
  };
}
