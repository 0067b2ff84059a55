/** PodTemplates (upstream: pkg/registry/core/podtemplate). */
import { path } from "../../apimachinery/validation/field.ts";
import type { PodTemplate } from "../../openapi/types/core-v1.ts";
import { podTemplateWarnings, setPodTemplateDefaults, validatePodTemplateSpec } from "../pod-spec/template.ts";
import { containerCells, labelsCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";

const validate = ({ template }: PodTemplate) => validatePodTemplateSpec(template, path("template"));
const warnings = ({ template }: PodTemplate) => podTemplateWarnings(template, path("template"));

/** podtemplates */
export const podTemplateStrategy: Strategy<PodTemplate> = {
  returnsDeleted: true,
  setDefaults({ template }) {
    if (template) setPodTemplateDefaults(template);
  },
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  validate,
  warningsOnCreate: warnings,
  prepareForUpdate(object, old) {
    countGeneration(object.metadata, old.metadata, !same(object.template, old.template));
  },
  validateUpdate: validate,
  warningsOnUpdate: (object, old) => (same(object.template, old.template) ? [] : warnings(object)),
  cells: ({ metadata, template }) => [
    metadata.name,
    ...containerCells(template?.spec?.containers),
    labelsCell(template?.metadata?.labels),
  ],
};
