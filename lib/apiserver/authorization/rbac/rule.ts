/** Whether a rule allows something (upstream: pkg/apis/rbac/v1/evaluation_helpers.go). */
import type { PolicyRule } from "../../../openapi/types/rbac-v1.ts";
import type { AuthorizationAttributes } from "../authorizer.ts";

const has = (list: readonly string[] | undefined, value: string) =>
  list !== undefined && (list.includes(value) || list.includes("*"));

function resourceMatches(rule: PolicyRule, resource: string, subresource: string): boolean {
  if (!rule.resources) return false;
  const combined = subresource === "" ? resource : `${resource}/${subresource}`;
  if (has(rule.resources, combined)) return true;
  return subresource !== "" && rule.resources.includes(`*/${subresource}`);
}

function nameMatches({ resourceNames }: PolicyRule, name: string): boolean {
  return !resourceNames || resourceNames.length === 0 || resourceNames.includes(name);
}

/** Whether a rule's path (a trailing star stands for any rest) covers a path. */
export function pathMatches(pattern: string, path: string): boolean {
  if (pattern === path) return true;
  return pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, ""));
}

/** Whether the rule allows it. */
export function ruleAllows(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  const { path } = attributes;
  if (path !== undefined) return rule.nonResourceURLs?.some((pattern) => pathMatches(pattern, path)) ?? false;
  return (
    has(rule.apiGroups, attributes.group) &&
    resourceMatches(rule, attributes.resource, attributes.subresource) &&
    nameMatches(rule, attributes.name)
  );
}
