/** What workloads need of pod templates. */

import type { FieldError, Path } from "../../apimachinery/validation/field.ts";
import { validateAnnotations, validateLabels } from "../../apimachinery/validation/meta.ts";
import type { PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import { validatePodSpec } from "./pod-spec.ts";
import { podSpecWarnings } from "./warnings.ts";

export { setPodTemplateDefaults } from "./defaults.ts";

/** Labels, annotations and spec of a template. */
export function validatePodTemplateSpec(template: PodTemplateSpec | undefined, path: Path): FieldError[] {
  const { metadata = {}, spec = { containers: [] } } = template ?? {};
  const meta = path.child("metadata");
  return [
    ...validateLabels(metadata.labels, meta.child("labels")),
    ...validateAnnotations(metadata.annotations, meta.child("annotations")),
    ...validatePodSpec(spec, metadata, path.child("spec"), { template: true }),
  ];
}

/** Warnings about a template. */
export function podTemplateWarnings(
  template: PodTemplateSpec | undefined,
  path: Path,
  old?: PodTemplateSpec,
): string[] {
  return template?.spec ? podSpecWarnings(template.spec, path.child("spec"), old?.spec) : [];
}
