/** What both kinds of bindings share. */
import type { RoleRef, Subject } from "../../openapi/types/rbac-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { TableContext } from "../strategy.ts";

const group = "rbac.authorization.k8s.io";

/** A binding of either kind. */
export interface AnyBinding {
  readonly metadata: { name?: string; creationTimestamp?: string };
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** References and subjects are of RBAC's group where they name none; service accounts have none. */
export function setBindingDefaults({ roleRef, subjects = [] }: AnyBinding): void {
  if (roleRef) roleRef.apiGroup ||= group;
  for (const subject of subjects) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= group;
  }
}

/** The row: name, role, age, and users, groups and service accounts in wide tables. */
export function bindingCells({ metadata, roleRef, subjects = [] }: AnyBinding, { now }: TableContext): unknown[] {
  const names = (kind: string) => subjects.filter((subject) => subject.kind === kind).map(({ name }) => name);
  const accounts = subjects.filter(({ kind }) => kind === "ServiceAccount");
  return [
    metadata.name,
    `${roleRef.kind}/${roleRef.name}`,
    ageCell(metadata.creationTimestamp, now),
    names("User").join(", "),
    names("Group").join(", "),
    accounts.map(({ namespace = "", name }) => `${namespace}/${name}`).join(", "),
  ];
}
