/** The pod's own labels become part of the selectors that name their keys (matchLabelKeys, mismatchLabelKeys). */
import type { Pod, PodAffinityTerm } from "../../../openapi/types/core-v1.ts";
import type { LabelSelector } from "../../../openapi/types/meta-v1.ts";

type Labels = Readonly<Record<string, string>>;

function merge(selector: LabelSelector | undefined, keys: readonly string[], operator: string, labels: Labels): void {
  // A selector that is absent matches nothing, whatever is added.
  if (!selector) return;
  for (const key of keys) {
    if (labels[key] === undefined) continue;
    selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [labels[key]] }];
  }
}

function mergeTerm({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: PodAffinityTerm, labels: Labels) {
  merge(labelSelector, matchLabelKeys, "In", labels);
  merge(labelSelector, mismatchLabelKeys, "NotIn", labels);
}

/** Mutates the affinity and the topology spread constraints of a new pod. */
export function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {};
  for (const affinity of [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity]) {
    for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      mergeTerm(podAffinityTerm, labels);
    }
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeTerm(term, labels);
  }
  for (const { labelSelector, matchLabelKeys = [] } of spec?.topologySpreadConstraints ?? []) {
    merge(labelSelector, matchLabelKeys, "In", labels);
  }
}
