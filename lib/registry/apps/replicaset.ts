/** ReplicaSets (upstream: pkg/registry/apps/replicaset). */
import { type FieldError, path } from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type { ReplicaSet } from "../../openapi/types/apps-v1.ts";
import { podTemplateWarnings, setPodTemplateDefaults } from "../pod-spec/template.ts";
import { ageCell, containerCells, selectorCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import { validateNonNegative } from "../validation/number.ts";
import { nameWarnings, validateReplicaCounts, validateReplicatedTemplate } from "../validation/workload.ts";

const specField = path("spec");
const templateField = specField.child("template");

function validate({ spec }: ReplicaSet): FieldError[] {
  return [
    ...validateNonNegative(spec.replicas, specField.child("replicas")),
    ...validateNonNegative(spec.minReadySeconds, specField.child("minReadySeconds")),
    ...validateReplicatedTemplate(spec.selector, spec.template, specField),
  ];
}

/** replicasets.apps */
export const replicaSetStrategy: Strategy<ReplicaSet> = {
  setDefaults(set) {
    set.spec.replicas ??= 1;
    if (set.spec.template) setPodTemplateDefaults(set.spec.template);
  },
  prepareForCreate(set) {
    set.status = { replicas: 0 };
    set.metadata.generation = 1;
  },
  validate,
  warningsOnCreate: ({ metadata, spec }) => [
    ...nameWarnings(metadata.name),
    ...podTemplateWarnings(spec.template, templateField),
  ],
  prepareForUpdate(set, old) {
    set.status = old.status;
    countGeneration(set.metadata, old.metadata, !same(set.spec, old.spec));
  },
  validateUpdate: (set, old) => [
    ...validate(set),
    ...validateImmutableField(set.spec.selector, old.spec.selector, specField.child("selector")),
  ],
  warningsOnUpdate: (set, old) =>
    set.metadata.generation === old.metadata.generation ? [] : podTemplateWarnings(set.spec.template, templateField),
  selectableFields: ({ status }) => ({ "status.replicas": String(status?.replicas ?? 0) }),
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    spec.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    ageCell(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec?.containers),
    selectorCell(spec.selector),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(set, old) {
        set.spec = old.spec;
      },
      validateUpdate: ({ status }) => validateReplicaCounts(status),
    },
  },
  scale: {
    replicas: ({ spec }) => spec.replicas ?? 0,
    setReplicas(set, replicas) {
      set.spec.replicas = replicas;
    },
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => selectorCell(spec.selector),
  },
};
