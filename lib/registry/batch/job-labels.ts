/** The labels by which a Job finds its pods (upstream: pkg/registry/batch/job/strategy.go). */
import type { Job } from "../../openapi/types/batch-v1.ts";

const controllerUID = "batch.kubernetes.io/controller-uid";

/** What its pods carry. `prefixed`: with the names that have a prefix, besides those of old. */
export function jobLabels(name: string, uid: string, prefixed: boolean): Record<string, string> {
  const own: Record<string, string> = prefixed ? { [controllerUID]: uid, "batch.kubernetes.io/job-name": name } : {};
  return { ...own, "controller-uid": uid, "job-name": name };
}

/** Selects the Job's pods by its uid, unless a client does it by hand. Mutates. */
export function generateSelector({ metadata, spec }: Job): void {
  if (spec.manualSelector === true) return;
  spec.template.metadata ??= {};
  const template = spec.template.metadata;
  template.labels = { ...jobLabels(metadata.name ?? "", metadata.uid ?? "", true), ...template.labels };
  const matchLabels = { [controllerUID]: metadata.uid ?? "", ...spec.selector?.matchLabels };
  spec.selector = { ...spec.selector, matchLabels };
}
