/** Rules as they are told to people: few, and short (upstream: pkg/registry/rbac/validation/policy_compact.go). */
import type { PolicyRule } from "../../openapi/types/rbac-v1.ts";

/** A rule about one resource of one group and at most one name; undefined for others. */
function simpleKey(rule: PolicyRule): string | undefined {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  if (resourceNames.length > 1 || nonResourceURLs.length > 0) return undefined;
  if (apiGroups.length !== 1 || resources.length !== 1) return undefined;
  return JSON.stringify([apiGroups[0], resources[0], resourceNames]);
}

/** Joins the verbs of rules that differ in nothing else. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted: PolicyRule[] = [];
  const simple = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const key = simpleKey(rule);
    if (key === undefined) {
      compacted.push(rule);
      continue;
    }
    const known = simple.get(key);
    simple.set(key, known ? { ...known, verbs: [...known.verbs, ...rule.verbs] } : rule);
  }
  return [...compacted, ...simple.values()];
}

/** A list as Go quotes it: `["get" "list"]`. */
export const quotedList = (items: readonly string[]) => `[${items.map((item) => JSON.stringify(item)).join(" ")}]`;

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const shown = parts.filter(([, items]) => items && items.length > 0);
  return `{${shown.map(([name, items]) => `${name}:${quotedList(items ?? [])}`).join(", ")}}`;
}
