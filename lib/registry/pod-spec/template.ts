/** What workloads need of pod templates. */
import { type FieldError, forbidden, type Path } from "../../apimachinery/validation/field.ts";
import { validateAnnotations, validateLabels } from "../../apimachinery/validation/meta.ts";
import type { PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import { validateAppArmorAnnotations, validatePodAnnotations, validateSeccompAnnotations } from "./annotations.ts";
import { validatePodSpec } from "./pod-spec.ts";
import { podWarnings } from "./warnings.ts";

export { setPodTemplateDefaults } from "./defaults.ts";

/** Labels, annotations and spec of a template (upstream: ValidatePodTemplateSpec). */
export function validatePodTemplateSpec(template: PodTemplateSpec | undefined, path: Path): FieldError[] {
  const { metadata = {}, spec = { containers: [] } } = template ?? {};
  const { labels, annotations } = metadata;
  const [annotationsPath, specPath] = [path.child("annotations"), path.child("spec")];
  const errors = [
    ...validateLabels(labels, path.child("labels")),
    ...validateAnnotations(annotations, annotationsPath),
    ...validatePodAnnotations(annotations, spec, annotationsPath),
    ...validatePodSpec(spec, {}, specPath),
    ...validateSeccompAnnotations(annotations, spec, specPath),
    ...validateAppArmorAnnotations(annotations, spec, specPath),
  ];
  if (!spec.ephemeralContainers?.length) return errors;
  return [
    ...errors,
    forbidden(specPath.child("ephemeralContainers"), "ephemeral containers not allowed in pod template"),
  ];
}

/** Warnings about a template. `path` is the template's. */
export function podTemplateWarnings(template: PodTemplateSpec | undefined, path: Path): string[] {
  if (!template?.spec) return [];
  return podWarnings(template.spec, template.metadata ?? {}, path, true);
}
