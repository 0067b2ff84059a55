/** Rules, references and subjects (upstream: pkg/apis/rbac/validation). */
import {
  type FieldError,
  invalid,
  notSupportedAsListed,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { nameIsDNSSubdomain, pathSegmentName } from "../../apimachinery/validation/names.ts";
import type { PolicyRule, RoleRef, Subject } from "../../openapi/types/rbac-v1.ts";

const group = "rbac.authorization.k8s.io";
const isEmpty = (list: readonly string[] | undefined) => !list || list.length === 0;

function validateRule(rule: PolicyRule, namespaced: boolean, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (isEmpty(rule.verbs)) errors.push(required(field.child("verbs"), "verbs must contain at least one value"));
  if (!isEmpty(rule.nonResourceURLs)) {
    const urls = field.child("nonResourceURLs");
    if (namespaced) {
      errors.push(invalid(urls, rule.nonResourceURLs, "namespaced rules cannot apply to non-resource URLs"));
    }
    if (!isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames)) {
      const text = "rules cannot apply to both regular resources and non-resource URLs";
      errors.push(invalid(urls, rule.nonResourceURLs, text));
    }
    return errors;
  }
  if (isEmpty(rule.apiGroups)) {
    errors.push(required(field.child("apiGroups"), "resource rules must supply at least one api group"));
  }
  if (isEmpty(rule.resources)) {
    errors.push(required(field.child("resources"), "resource rules must supply at least one resource"));
  }
  return errors;
}

/** Rules; those of a namespace's role are about resources alone. */
export function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, path("rules").index(index)));
}

function validateRoleRef({ apiGroup = "", kind, name }: RoleRef, kinds: readonly string[]): FieldError[] {
  const field = path("roleRef");
  const errors: FieldError[] = [];
  if (apiGroup !== group) errors.push(notSupportedAsListed(field.child("apiGroup"), apiGroup, [group]));
  if (!kinds.includes(kind)) errors.push(notSupportedAsListed(field.child("kind"), kind, kinds));
  if (!name) errors.push(required(field.child("name"), ""));
  else errors.push(...pathSegmentName(name, false).map((problem) => invalid(field.child("name"), name, problem)));
  return errors;
}

function validateSubject(subject: Subject, namespaced: boolean, field: Path): FieldError[] {
  const { kind, name, apiGroup = "", namespace } = subject;
  const errors = name ? [] : [required(field.child("name"), "")];
  if (kind === "ServiceAccount") {
    const problems = name ? nameIsDNSSubdomain(name, false) : [];
    errors.push(...problems.map((problem) => invalid(field.child("name"), name, problem)));
    if (apiGroup !== "") errors.push(notSupportedAsListed(field.child("apiGroup"), apiGroup, [""]));
    if (!namespaced && !namespace) errors.push(required(field.child("namespace"), ""));
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== group) errors.push(notSupportedAsListed(field.child("apiGroup"), apiGroup, [group]));
  } else {
    errors.push(notSupportedAsListed(field.child("kind"), kind, ["ServiceAccount", "User", "Group"]));
  }
  return errors;
}

/** A binding of a namespace may name both kinds of roles, a cluster's only ClusterRoles. */
export function validateBinding(
  { roleRef, subjects = [] }: { roleRef: RoleRef; subjects?: Subject[] },
  namespaced: boolean,
): FieldError[] {
  return [
    ...validateRoleRef(roleRef, namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]),
    ...subjects.flatMap((subject, index) => validateSubject(subject, namespaced, path("subjects").index(index))),
  ];
}

/** A binding's role is fixed. The value is shown with Go's names, as upstream's internal type prints. */
export function validateRoleRefUpdate(roleRef: RoleRef, old: RoleRef): FieldError[] {
  const same = roleRef.apiGroup === old.apiGroup && roleRef.kind === old.kind && roleRef.name === old.name;
  if (same) return [];
  const value = { APIGroup: roleRef.apiGroup, Kind: roleRef.kind, Name: roleRef.name };
  return [invalid(path("roleRef"), value, "cannot change roleRef")];
}
