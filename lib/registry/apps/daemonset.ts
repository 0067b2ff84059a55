/** DaemonSets (upstream: pkg/registry/apps/daemonset). */
import { type FieldError, invalid, notSupported, path, required } from "../../apimachinery/validation/field.ts";
import { validateImmutableField, validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import type { DaemonSet } from "../../openapi/types/apps-v1.ts";
import { podTemplateWarnings, setPodTemplateDefaults, validatePodTemplateSpec } from "../pod-spec/template.ts";
import { ageCell, containerCells, labelsCell, selectorCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { countGeneration, same } from "../validation/generation.ts";
import {
  percentOf,
  validateAtMostHundredPercent,
  validateNonNegative,
  validatePositiveIntOrPercent,
} from "../validation/number.ts";
import {
  parsedSelector,
  validateAlwaysRunning,
  validateCollisionCount,
  validateCounts,
} from "../validation/workload.ts";

const specField = path("spec");
const templateField = specField.child("template");
/** What counts changes of the template; upstream has an internal field for it that only this annotation shows. */
const templateGeneration = "deprecated.daemonset.template.generation";

const generationOf = ({ metadata }: DaemonSet) => Number(metadata.annotations?.[templateGeneration] ?? 0) || 0;

function setGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(generation) };
}

function setDefaults({ spec }: DaemonSet): void {
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    strategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...strategy.rollingUpdate };
  }
  spec.revisionHistoryLimit ??= 10;
  setPodTemplateDefaults(spec.template);
}

function validateStrategy({ spec: { updateStrategy = {} } }: DaemonSet): FieldError[] {
  const field = specField.child("updateStrategy");
  const { type, rollingUpdate } = updateStrategy;
  if (type === "OnDelete") return [];
  if (type !== "RollingUpdate") return [notSupported(field, updateStrategy, ["OnDelete", "RollingUpdate"])];
  const rolling = field.child("rollingUpdate");
  if (!rollingUpdate) return [required(rolling, "")];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const [unavailable, surge] = [rolling.child("maxUnavailable"), rolling.child("maxSurge")];
  const errors = [
    ...validatePositiveIntOrPercent(maxUnavailable, unavailable),
    ...validatePositiveIntOrPercent(maxSurge, surge),
    ...validateAtMostHundredPercent(maxUnavailable, unavailable),
    ...validateAtMostHundredPercent(maxSurge, surge),
  ];
  const some = (value: number | string | undefined) => (percentOf(value) ?? (Number(value) || 0)) !== 0;
  if (some(maxUnavailable) && some(maxSurge)) {
    errors.push(invalid(surge, maxSurge, "may not be set when maxUnavailable is non-zero"));
  } else if (!some(maxUnavailable) && !some(maxSurge)) {
    errors.push(required(unavailable, "cannot be 0 when maxSurge is 0"));
  }
  return errors;
}

function validate(set: DaemonSet): FieldError[] {
  const { selector, template, minReadySeconds, revisionHistoryLimit } = set.spec;
  const field = specField.child("selector");
  const errors = validateLabelSelector(selector, field);
  const labels = template.metadata?.labels;
  if (parsedSelector(selector)?.matches(labels) === false) {
    const at = templateField.child("metadata", "labels");
    errors.push(invalid(at, labels ?? null, "`selector` does not match template `labels`"));
  }
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  if (selector && Object.keys(matchLabels).length + matchExpressions.length === 0) {
    errors.push(invalid(field, selector, "empty selector is invalid for daemonset"));
  }
  return [
    ...errors,
    ...validatePodTemplateSpec(template, templateField),
    ...validateAlwaysRunning(template, "DaemonSet", templateField),
    ...validateNonNegative(minReadySeconds, specField.child("minReadySeconds")),
    ...validateStrategy(set),
    ...validateNonNegative(revisionHistoryLimit, specField.child("revisionHistoryLimit")),
  ];
}

/** daemonsets.apps */
export const daemonSetStrategy: Strategy<DaemonSet> = {
  setDefaults,
  prepareForCreate(set) {
    set.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    set.metadata.generation = 1;
    setGeneration(set, Math.max(generationOf(set), 1));
  },
  validate,
  warningsOnCreate: ({ spec }) => podTemplateWarnings(spec.template, templateField),
  prepareForUpdate(set, old) {
    set.status = old.status;
    const changed = !same(set.spec.template, old.spec.template);
    setGeneration(set, generationOf(old) + (changed ? 1 : 0));
    countGeneration(set.metadata, old.metadata, !same(set.spec, old.spec));
  },
  validateUpdate: (set, old) => [
    ...validateImmutableField(set.spec.selector, old.spec.selector, specField.child("selector")),
    ...validate(set),
  ],
  warningsOnUpdate: (set, old) =>
    generationOf(set) === generationOf(old) ? [] : podTemplateWarnings(set.spec.template, templateField),
  internalMetadata(metadata) {
    const { [templateGeneration]: _, ...annotations } = metadata.annotations ?? {};
    if (Object.keys(annotations).length > 0) return { ...metadata, annotations };
    const { annotations: __, ...rest } = metadata;
    return rest;
  },
  cells: ({ metadata, spec, status }, { now }) => [
    metadata.name,
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    labelsCell(spec.template?.spec?.nodeSelector),
    ageCell(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec?.containers),
    selectorCell(spec.selector),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(set, old) {
        set.spec = old.spec;
        setGeneration(set, generationOf(old));
      },
      validateUpdate: ({ status }, old) => [
        ...validateCounts(status, [
          "currentNumberScheduled",
          "numberMisscheduled",
          "desiredNumberScheduled",
          "numberReady",
          "observedGeneration",
          "updatedNumberScheduled",
          "numberAvailable",
          "numberUnavailable",
          "collisionCount",
        ]),
        ...validateCollisionCount(status?.collisionCount, old.status?.collisionCount),
      ],
    },
  },
};
