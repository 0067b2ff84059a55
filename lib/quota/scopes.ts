/** Which objects a quota is about (upstream: pkg/quota/v1/evaluator/core/pods.go). */
import type { GroupResource } from "../apimachinery/errors.ts";
import type { Pod, ResourceQuota, ScopedResourceSelectorRequirement } from "../openapi/types/core-v1.ts";

const compute = ["cpu", "memory"];

function isBestEffort({ spec }: Pod): boolean {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const lists = containers.flatMap(({ resources }) => [resources?.requests, resources?.limits]);
  const all = [...lists, spec?.resources?.requests, spec?.resources?.limits];
  return !all.some((list) => compute.some((name) => list?.[name] !== undefined && list[name] !== "0"));
}

function reachesOtherNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = [...required, ...preferred.map(({ podAffinityTerm }) => podAffinityTerm)];
    return terms.some((term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined);
  });
}

function matchesPriority(pod: Pod, { operator, values = [] }: ScopedResourceSelectorRequirement): boolean {
  const name = pod.spec?.priorityClassName ?? "";
  if (operator === "Exists") return name !== "";
  if (operator === "DoesNotExist") return name === "";
  return values.includes(name) === (operator === "In");
}

function matches(pod: Pod, requirement: ScopedResourceSelectorRequirement): boolean {
  const ends = (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
  switch (requirement.scopeName) {
    case "Terminating":
      return ends;
    case "NotTerminating":
      return !ends;
    case "BestEffort":
      return isBestEffort(pod);
    case "NotBestEffort":
      return !isBestEffort(pod);
    case "PriorityClass":
      return matchesPriority(pod, requirement);
    case "CrossNamespacePodAffinity":
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

/** Whether the quota counts this object: one with scopes counts pods alone, those that are in all of them. */
export function isInScope({ spec }: ResourceQuota, { group, resource }: GroupResource, object: unknown): boolean {
  const scopes = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  if (scopes.length === 0) return true;
  const isPod = group === "" && resource === "pods";
  return isPod && scopes.every((scope) => matches(object as Pod, scope));
}
