/**
 * What a namespace that ends says about its content (upstream:
 * controller/namespace/deletion/status_condition_utils.go).
 */
import { timeText } from "../../apimachinery/clock.ts";
import type { Resource } from "../../apimachinery/meta.ts";
import type { NamespaceCondition } from "../../openapi/types/core-v1.ts";

/** What is left of a resource after a pass. */
export interface Remaining {
  readonly resource: Resource;
  readonly count: number;
  /** How many hold each finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
}

/** What a pass over all content has found. */
export interface Pass {
  readonly remaining: readonly Remaining[];
  readonly discoveryError?: Error;
  readonly errors: readonly Error[];
}

/** The conditions after a pass; the current ones where nothing has changed. */
export function namespaceConditions(
  current: readonly NamespaceCondition[],
  pass: Pass,
  now: number,
): readonly NamespaceCondition[] {
  let changed = false;
  const conditions = [...current];
  for (const next of wantedConditions(pass)) {
    const index = conditions.findIndex((one) => one.type === next.type);
    const old = conditions[index];
    if (old?.status === next.status && old.reason === next.reason && old.message === next.message) continue;
    changed = true;
    const kept = old?.status === next.status ? old.lastTransitionTime : undefined;
    const condition = { ...next, lastTransitionTime: kept ?? timeText(now) };
    if (old === undefined) conditions.push(condition);
    else conditions[index] = condition;
  }
  return changed ? conditions : current;
}

function wantedConditions({ remaining, discoveryError, errors }: Pass): NamespaceCondition[] {
  const finalizers = new Map<string, number>();
  for (const one of remaining) {
    for (const [name, count] of one.finalizers) finalizers.set(name, (finalizers.get(name) ?? 0) + count);
  }
  const resources = remaining.map(
    ({ resource, count }) => `${resource.resource}.${resource.group} has ${count} resource instances`,
  );
  const holders = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`);
  const messages = errors.map((error) => error.message).sort();
  return [
    condition("NamespaceDeletionDiscoveryFailure", discoveryError?.message, "DiscoveryFailed", [
      "ResourcesDiscovered",
      "All resources successfully discovered",
    ]),
    condition("NamespaceDeletionGroupVersionParsingFailure", undefined, "GroupVersionParsingFailed", [
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ]),
    condition(
      "NamespaceDeletionContentFailure",
      messages.length === 0
        ? undefined
        : `Failed to delete all resource types, ${messages.length} remaining: ${messages.join(", ")}`,
      "ContentDeletionFailed",
      ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
    ),
    condition(
      "NamespaceContentRemaining",
      resources.length === 0 ? undefined : `Some resources are remaining: ${resources.sort().join(", ")}`,
      "SomeResourcesRemain",
      ["ContentRemoved", "All content successfully removed"],
    ),
    condition(
      "NamespaceFinalizersRemaining",
      holders.length === 0
        ? undefined
        : `Some content in the namespace has finalizers remaining: ${holders.sort().join(", ")}`,
      "SomeFinalizersRemain",
      ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
    ),
  ];
}

/** True with the problem's message, or False with the reason and message of all being well. */
function condition(
  type: string,
  problem: string | undefined,
  reason: string,
  [okReason, okMessage]: [string, string],
): NamespaceCondition {
  if (problem !== undefined) return { type, status: "True", reason, message: problem };
  return { type, status: "False", reason: okReason, message: okMessage };
}
