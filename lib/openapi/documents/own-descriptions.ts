/** What the definitions of our own group mean: no installed model has their texts. */
import type { Descriptions } from "./descriptions.ts";

const texts = (own: string, fields: Readonly<Record<string, string>>): Descriptions => ({
  own,
  fields: new Map(Object.entries(fields)),
});

/** By definition. */
export const ownDescriptions: Readonly<Record<string, Descriptions>> = {
  "access.v1.AccessEntry": texts("AccessEntry says who an IAM principal is in this cluster.", {
    spec: "spec names the principal, and the user and groups that it becomes.",
  }),
  "access.v1.AccessEntryList": texts("AccessEntryList is a list of AccessEntries.", {
    items: "items is the list of AccessEntries.",
  }),
  "access.v1.AccessEntrySpec": texts("AccessEntrySpec maps an IAM principal to a Kubernetes user.", {
    principalArn:
      "principalArn is the ARN of an IAM role (sessions of it are meant), an IAM user, an account's root user or a federated user. It cannot be changed, and no two entries may have the same.",
    type: "type is Standard for people and programs, Node for the role of worker nodes: the session is the user system:node:SESSION-NAME then, of the group system:nodes. Defaults to Standard.",
    username:
      "username is the Kubernetes user; {{SessionName}}, {{SessionNameRaw}}, {{AccountID}} and {{AccessKeyID}} stand for what the caller has. Defaults to the ARN: of a role, to arn:aws:sts::ACCOUNT:assumed-role/ROLE/{{SessionName}}. Must be empty of a Node.",
    groups: "groups are the Kubernetes groups, to which RBAC's bindings give rights. Must be empty of a Node.",
  }),
};
