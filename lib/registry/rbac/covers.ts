/** Whether rules cover other rules (upstream: component-helpers/auth/rbac/validation/policy_comparator.go). */
import type { PolicyRule } from "../../openapi/types/rbac-v1.ts";

/** Rules that say the same, each with one verb, one resource and one name, or one verb and one path. */
export function breakdown(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] };
        const names = rule.resourceNames ?? [];
        if (names.length === 0) parts.push(part);
        for (const name of names) parts.push({ ...part, resourceNames: [name] });
      }
    }
  }
  for (const path of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) parts.push({ nonResourceURLs: [path], verbs: [verb] });
  }
  return parts;
}

const has = (owned: readonly string[] = [], wanted: readonly string[] = []) =>
  owned.includes("*") || wanted.every((value) => owned.includes(value));

function resourcesCover(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  if (has(owned, wanted)) return true;
  return wanted.every((resource) => {
    if (owned.includes(resource)) return true;
    const slash = resource.indexOf("/");
    return slash >= 0 && owned.includes(`*${resource.slice(slash)}`);
  });
}

function pathCovers(owned: string, wanted: string): boolean {
  return owned === wanted || (owned.endsWith("*") && wanted.startsWith(owned.replace(/\*+$/, "")));
}

function namesCover(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  if (owned.length === 0) return true;
  return wanted.length > 0 && wanted.every((name) => owned.includes(name));
}

/** Whether a rule covers one of breakdown's parts. */
function ruleCovers(owned: PolicyRule, part: PolicyRule): boolean {
  return (
    has(owned.verbs, part.verbs) &&
    has(owned.apiGroups, part.apiGroups) &&
    resourcesCover(owned.resources, part.resources) &&
    namesCover(owned.resourceNames, part.resourceNames) &&
    (part.nonResourceURLs ?? []).every((path) => (owned.nonResourceURLs ?? []).some((own) => pathCovers(own, path)))
  );
}

/** The parts of `wanted` that `owned` does not cover; none: all is covered. */
export function covers(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakdown).filter((part) => !owned.some((rule) => ruleCovers(rule, part)));
}
