/** ARNs of IAM's principals (upstream: aws-iam-authenticator's pkg/arn). */

/** What an ARN names. */
export type PrincipalType = "role" | "user" | "root" | "federated-user" | "assumed-role";

/** An ARN of a principal, taken apart. */
export interface PrincipalArn {
  readonly type: PrincipalType;
  readonly partition: string;
  readonly account: string;
  /** The role's or user's name, without its path; of a federated user its name, of the root user "". */
  readonly name: string;
  /**
   * The ARN by which the principal is known: a session's is its role's. A role's path is left out, as a session's ARN
   * has none and names are unique in an account; a user's stays, as both have it.
   */
  readonly canonical: string;
}

const partitions = ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];
const nameText = /^[\w+=,.@-]+$/;

/** Takes the ARN of a principal apart. Throws an Error that says what is wrong with it. */
export function principalArn(arn: string): PrincipalArn {
  const [prefix, partition = "", service = "", region = "", account = "", ...rest] = arn.split(":");
  if (prefix !== "arn" || rest.length === 0) throw new Error("is not an ARN");
  if (!partitions.includes(partition)) throw new Error("does not have a recognized partition");
  if (region !== "") throw new Error("must not have a region");
  if (!/^\d{12}$/.test(account)) throw new Error("must have an account of 12 digits");
  const resource = rest.join(":");
  if (service === "iam" && resource === "root") return { type: "root", partition, account, name: "", canonical: arn };
  const [kind, ...names] = resource.split("/");
  const name = names.at(-1) ?? "";
  const known = { partition, account, name };
  if (!nameText.test(name)) throw new Error("must end with a name");
  if (service === "iam" && kind === "role") {
    return { type: "role", ...known, canonical: roleArn(partition, account, name) };
  }
  if (service === "iam" && kind === "user") return { type: "user", ...known, canonical: arn };
  if (service === "sts" && kind === "federated-user") return { type: "federated-user", ...known, canonical: arn };
  if (service === "sts" && kind === "assumed-role") {
    const role = names.at(-2) ?? "";
    if (!nameText.test(role)) throw new Error("does not have a role");
    return { type: "assumed-role", ...known, name: role, canonical: roleArn(partition, account, role) };
  }
  throw new Error("must name an IAM role or user, an account's root user or a federated user");
}

function roleArn(partition: string, account: string, name: string): string {
  return `arn:${partition}:iam::${account}:role/${name}`;
}

/** What principals are compared by: case does not count in IAM's names. */
export function principalKey(arn: PrincipalArn): string {
  return arn.canonical.toLowerCase();
}
