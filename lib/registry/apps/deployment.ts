/** Deployments (upstream: pkg/registry/apps/deployment). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type { Deployment } from "../../openapi/types/apps-v1.ts";
import { podTemplateWarnings, setPodTemplateDefaults } from "../pod-spec/template.ts";
import { ageCell, containerCells, selectorCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import {
  percentOf,
  validateAtMostHundredPercent,
  validateNonNegative,
  validatePositiveIntOrPercent,
} from "../validation/number.ts";
import {
  nameWarnings,
  validateAtMost,
  validateCollisionCount,
  validateCounts,
  validateReplicatedTemplate,
} from "../validation/workload.ts";

const specField = path("spec");
const templateField = specField.child("template");

function setDefaults({ spec }: Deployment): void {
  spec.replicas ??= 1;
  spec.strategy ??= {};
  const strategy = spec.strategy;
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    strategy.rollingUpdate = { maxUnavailable: "25%", maxSurge: "25%", ...strategy.rollingUpdate };
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  setPodTemplateDefaults(spec.template);
}

function validateStrategy({ spec: { strategy = {} } }: Deployment): FieldError[] {
  const field = specField.child("strategy");
  const rolling = field.child("rollingUpdate");
  const { type, rollingUpdate } = strategy;
  if (type === "Recreate") {
    if (!rollingUpdate) return [];
    return [forbidden(rolling, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== "RollingUpdate") return [notSupported(field, strategy, ["Recreate", "RollingUpdate"])];
  if (!rollingUpdate) return [required(rolling, "this should be defaulted and never be nil")];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const unavailable = rolling.child("maxUnavailable");
  const errors = [
    ...validatePositiveIntOrPercent(maxUnavailable, unavailable),
    ...validatePositiveIntOrPercent(maxSurge, rolling.child("maxSurge")),
  ];
  const count = (value: number | string | undefined) => percentOf(value) ?? (Number(value) || 0);
  if (count(maxUnavailable) === 0 && count(maxSurge) === 0) {
    errors.push(invalid(unavailable, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  }
  return [...errors, ...validateAtMostHundredPercent(maxUnavailable, unavailable)];
}

function validate(deployment: Deployment): FieldError[] {
  const { spec } = deployment;
  const errors = [
    ...validateNonNegative(spec.replicas, specField.child("replicas")),
    ...validateReplicatedTemplate(spec.selector, spec.template, specField),
    ...validateStrategy(deployment),
    ...validateNonNegative(spec.minReadySeconds, specField.child("minReadySeconds")),
    ...validateNonNegative(spec.revisionHistoryLimit, specField.child("revisionHistoryLimit")),
    ...validateNonNegative(spec.progressDeadlineSeconds, specField.child("progressDeadlineSeconds")),
  ];
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    const field = specField.child("progressDeadlineSeconds");
    errors.push(invalid(field, deadline, "must be greater than minReadySeconds"));
  }
  return errors;
}

function validateStatus({ status }: Deployment, old: Deployment): FieldError[] {
  return [
    ...validateCounts(status, [
      "observedGeneration",
      "replicas",
      "updatedReplicas",
      "readyReplicas",
      "availableReplicas",
      "unavailableReplicas",
      "terminatingReplicas",
      "collisionCount",
    ]),
    ...validateAtMost(status, ["updatedReplicas", "readyReplicas", "availableReplicas"], "replicas"),
    ...validateAtMost(status, ["availableReplicas"], "readyReplicas", "cannot be greater than readyReplicas"),
    ...validateCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ];
}

/** deployments.apps */
export const deploymentStrategy: Strategy<Deployment> = {
  setDefaults,
  prepareForCreate(deployment) {
    deployment.status = {};
    deployment.metadata.generation = 1;
  },
  validate,
  warningsOnCreate: ({ metadata, spec }) => [
    ...nameWarnings(metadata.name),
    ...podTemplateWarnings(spec.template, templateField),
  ],
  prepareForUpdate(deployment, old) {
    deployment.status = old.status;
    // Annotations are copied to ReplicaSets, so that a change of them is one of what is wanted.
    const { annotations } = deployment.metadata;
    const changed = !same(deployment.spec, old.spec) || !same(annotations, old.metadata.annotations);
    countGeneration(deployment.metadata, old.metadata, changed);
  },
  validateUpdate: (deployment, old) => [
    ...validate(deployment),
    ...validateImmutableField(deployment.spec.selector, old.spec.selector, specField.child("selector")),
  ],
  warningsOnUpdate: (deployment, old) =>
    deployment.metadata.generation === old.metadata.generation
      ? []
      : podTemplateWarnings(deployment.spec.template, templateField),
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    ageCell(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec?.containers),
    selectorCell(spec.selector),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(deployment, old) {
        deployment.spec = old.spec;
        if (old.metadata.labels) deployment.metadata.labels = old.metadata.labels;
        else delete deployment.metadata.labels;
      },
      validateUpdate: validateStatus,
    },
  },
  scale: {
    replicas: ({ spec }) => spec.replicas ?? 0,
    setReplicas(deployment, replicas) {
      deployment.spec.replicas = replicas;
    },
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => selectorCell(spec.selector),
  },
};
