/** Validation of StatefulSets (upstream: pkg/apis/apps/validation). */
import { deepCopy } from "../../apimachinery/equality.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  notSupportedAsListed,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isDNS1123Label } from "../../apimachinery/validation/names.ts";
import type { StatefulSet, StatefulSetSpec } from "../../openapi/types/apps-v1.ts";
import type { PodTemplateSpec } from "../../openapi/types/core-v1.ts";
import { validateClaimSpec } from "../core/persistentvolumeclaim/validation.ts";
import { validatePodTemplateSpec } from "../pod-spec/template.ts";
import { same } from "../validation/generation.ts";
import {
  percentOf,
  validateAtMostHundredPercent,
  validateNonNegative,
  validatePositiveIntOrPercent,
} from "../validation/number.ts";
import {
  parsedSelector,
  validateAlwaysRunning,
  validateAtMost,
  validateCollisionCount,
  validateCounts,
  validateSelected,
  validateSelector,
} from "../validation/workload.ts";

const specField = path("spec");
const mutable = [
  "replicas",
  "template",
  "updateStrategy",
  "minReadySeconds",
  "ordinals",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
] as const;

/** A new StatefulSet. */
export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  const errors = validateSpec(spec, true);
  for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
    errors.push(...validateClaimSpec(claim.spec, specField.child("volumeClaimTemplates").index(index).child("spec")));
  }
  if (!spec.serviceName) return errors;
  const field = specField.child("serviceName");
  return [...errors, ...isDNS1123Label(spec.serviceName).map((problem) => invalid(field, spec.serviceName, problem))];
}

/** One that replaces another version: most of it may not change, and old mistakes in its template are let be. */
export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = validateSpec(set.spec, validateSpec(old.spec, true).length === 0);
  const rest = { ...set.spec };
  for (const name of mutable) Object.assign(rest, { [name]: old.spec[name] });
  if (!same(rest, old.spec)) {
    const text =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    errors.push(forbidden(specField, text));
  }
  return errors;
}

function validateSpec(spec: StatefulSetSpec, withTemplate: boolean): FieldError[] {
  const errors = [...validatePodManagement(spec), ...validateUpdateStrategy(spec), ...validateRetention(spec)];
  errors.push(...validateNonNegative(spec.replicas, specField.child("replicas")));
  errors.push(...validateNonNegative(spec.minReadySeconds, specField.child("minReadySeconds")));
  errors.push(...validateNonNegative(spec.ordinals?.start, specField.child("ordinals.start")));
  errors.push(...validateSelector(spec.selector, "statefulset", specField.child("selector")));
  const field = specField.child("template");
  const selector = parsedSelector(spec.selector);
  if (!selector) errors.push(invalid(specField.child("selector"), spec.selector, ""));
  else {
    errors.push(...validateSelected(spec.template, selector, field));
    if (withTemplate) errors.push(...validatePodTemplateSpec(asPodsWillBe(spec), field));
  }
  return [...errors, ...validateAlwaysRunning(spec.template, "StatefulSet", field)];
}

/** The template as the controller will fill it in: names are its own, claims become volumes. */
function asPodsWillBe({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const { spec } = template;
  if (!spec?.subdomain && !spec?.hostname && volumeClaimTemplates.length === 0) return template;
  const copy = deepCopy(template);
  if (!copy.spec) return copy;
  delete copy.spec.subdomain;
  delete copy.spec.hostname;
  const names = volumeClaimTemplates.map(({ metadata }) => metadata.name);
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  copy.spec.volumes = [...claims, ...(copy.spec.volumes ?? []).filter(({ name }) => !names.includes(name))];
  return copy;
}

function validatePodManagement({ podManagementPolicy }: StatefulSetSpec): FieldError[] {
  const field = specField.child("podManagementPolicy");
  if (!podManagementPolicy) return [required(field, "")];
  if (podManagementPolicy === "OrderedReady" || podManagementPolicy === "Parallel") return [];
  return [invalid(field, podManagementPolicy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateUpdateStrategy({ updateStrategy = {} }: StatefulSetSpec): FieldError[] {
  const field = specField.child("updateStrategy");
  const { type, rollingUpdate } = updateStrategy;
  const rolling = field.child("rollingUpdate");
  if (!type) return [required(field, "")];
  if (type === "OnDelete") {
    return rollingUpdate ? [invalid(rolling, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")] : [];
  }
  if (type !== "RollingUpdate") return [invalid(field, updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")];
  if (!rollingUpdate) return [];
  const errors = validateNonNegative(rollingUpdate.partition, rolling.child("partition"));
  const { maxUnavailable } = rollingUpdate;
  if (maxUnavailable === undefined) return errors;
  const at = rolling.child("maxUnavailable");
  errors.push(...validatePositiveIntOrPercent(maxUnavailable, at));
  if ((percentOf(maxUnavailable) ?? (Number(maxUnavailable) || 0)) === 0) {
    errors.push(invalid(at, maxUnavailable, "cannot be 0"));
  }
  return [...errors, ...validateAtMostHundredPercent(maxUnavailable, at)];
}

function validateRetention({ persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec): FieldError[] {
  if (!policy) return [];
  return (["whenDeleted", "whenScaled"] as const).flatMap((name) => {
    const value = policy[name] ?? "";
    if (value === "Retain" || value === "Delete") return [];
    const field = specField.child("persistentVolumeClaimRetentionPolicy", name);
    return [notSupportedAsListed(field, value, ["Retain", "Delete"])];
  });
}

/** Counts of the status. */
export function validateStatefulSetStatus({ status }: StatefulSet, old: StatefulSet): FieldError[] {
  const parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"];
  return [
    ...validateCounts(status, ["replicas", ...parts, "observedGeneration", "collisionCount"]),
    ...validateAtMost(status, parts, "replicas"),
    ...validateAtMost(status, ["availableReplicas"], "readyReplicas"),
    ...validateCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ];
}
