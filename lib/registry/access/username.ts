/** Names of users that IAM principals become (upstream: aws-iam-authenticator's pkg/server, renderTemplate). */
import type { PrincipalArn } from "./arn.ts";

/** What a caller has that a name may be made of. */
export interface CallerNames {
  readonly accountId: string;
  /** "" of a principal that has no sessions. */
  readonly sessionName: string;
  readonly accessKeyId: string;
}

const placeholder = /\{\{(.*?)\}\}/g;

const values: Readonly<Record<string, (caller: CallerNames) => string>> = {
  AccountID: ({ accountId }) => accountId,
  SessionName: ({ sessionName }) => sessionName.replaceAll("@", "-"),
  SessionNameRaw: ({ sessionName }) => sessionName,
  AccessKeyID: ({ accessKeyId }) => accessKeyId,
};

/** The first placeholder that stands for nothing; undefined: there is none. */
export function unknownPlaceholder(template: string): string | undefined {
  return [...template.matchAll(placeholder)].find(([, name]) => !Object.hasOwn(values, name))?.[0];
}

/** The template with what the caller has. A placeholder that stands for nothing stays, as it does upstream. */
export function renderTemplate(template: string, caller: CallerNames): string {
  return template.replace(placeholder, (text, name) => (Object.hasOwn(values, name) ? values[name](caller) : text));
}

/** The user name of an entry that gives none, as EKS has it. */
export function defaultUsername({ type, partition, account, name, canonical }: PrincipalArn): string {
  const isRole = type === "role" || type === "assumed-role";
  return isRole ? `arn:${partition}:sts::${account}:assumed-role/${name}/{{SessionName}}` : canonical;
}
