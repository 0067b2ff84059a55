/** ReplicationControllers (upstream: pkg/registry/core/replicationcontroller). */
import { selectorFromSet } from "../../apimachinery/labels.ts";
import { type FieldError, path, required } from "../../apimachinery/validation/field.ts";
import type { ReplicationController } from "../../openapi/types/core-v1.ts";
import { podTemplateWarnings, setPodTemplateDefaults, validatePodTemplateSpec } from "../pod-spec/template.ts";
import { ageCell, containerCells, labelsCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { validateNonNegative } from "../validation/number.ts";
import {
  nameWarnings,
  validateAlwaysRunning,
  validateReplicaCounts,
  validateSelected,
} from "../validation/workload.ts";

const specField = path("spec");
const templateField = specField.child("template");

const isEmpty = (map: Record<string, string> | undefined) => Object.keys(map ?? {}).length === 0;

function setDefaults(controller: ReplicationController): void {
  controller.spec ??= {};
  const spec = controller.spec;
  const labels = spec.template?.metadata?.labels;
  if (labels) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels };
    if (isEmpty(controller.metadata.labels)) controller.metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  if (spec.template) setPodTemplateDefaults(spec.template);
}

function validate({ spec = {} }: ReplicationController): FieldError[] {
  const errors = validateNonNegative(spec.minReadySeconds, specField.child("minReadySeconds"));
  if (isEmpty(spec.selector)) errors.push(required(specField.child("selector"), ""));
  if (spec.replicas === undefined) errors.push(required(specField.child("replicas"), ""));
  errors.push(...validateNonNegative(spec.replicas, specField.child("replicas")));
  if (!spec.template) return [...errors, required(templateField, "")];
  return [
    ...errors,
    ...validateSelected(spec.template, selectorFromSet(spec.selector), templateField),
    ...validatePodTemplateSpec(spec.template, templateField),
    ...validateAlwaysRunning(spec.template, "ReplicationController", templateField),
  ];
}

const warnings = ({ spec }: ReplicationController) => podTemplateWarnings(spec?.template, templateField);

/** replicationcontrollers */
export const replicationControllerStrategy: Strategy<ReplicationController> = {
  defaultDeletion: "orphan",
  setDefaults,
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
    controller.metadata.generation = 1;
  },
  validate,
  warningsOnCreate: (controller) => [...nameWarnings(controller.metadata.name), ...warnings(controller)],
  prepareForUpdate(controller, old) {
    controller.status = old.status;
    countGeneration(controller.metadata, old.metadata, !same(controller.spec, old.spec));
  },
  validateUpdate: validate,
  warningsOnUpdate: (controller, old) =>
    controller.metadata.generation === old.metadata.generation ? [] : warnings(controller),
  selectableFields: ({ status }) => ({ "status.replicas": String(status?.replicas ?? 0) }),
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    ageCell(metadata.creationTimestamp, now),
    ...containerCells(spec?.template?.spec?.containers),
    labelsCell(spec?.selector),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(controller, old) {
        controller.spec = old.spec;
      },
      validateUpdate: ({ status }) => validateReplicaCounts(status),
    },
  },
  scale: {
    replicas: ({ spec }) => spec?.replicas ?? 0,
    setReplicas(controller, replicas) {
      controller.spec = { ...controller.spec, replicas };
    },
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => selectorFromSet(spec?.selector).toString(),
  },
};
