/** HorizontalPodAutoscalers (upstream: pkg/apis/autoscaling/validation, pkg/registry/autoscaling). */
import { parseQuantity } from "../../apimachinery/quantity.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from "../../openapi/types/autoscaling-v2.ts";
import { nonNegativeText, validateNonNegative } from "../validation/number.ts";
import { validateMetric } from "./metric-validation.ts";
import { apiVersionProblem, type ReferenceOptions, validateReference } from "./reference-validation.ts";

const specField = path("spec");
const maxPeriodSeconds = 1_800;
const maxWindowSeconds = 3_600;

/** The only kind of the core group that scales. */
const coreKind = "ReplicationController";
const coreAllowed: ReferenceOptions = { apiVersion: "core" };

/** What was there before is not looked at again. */
function targetOptions({ spec }: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): ReferenceOptions {
  const [now, before] = [spec?.scaleTargetRef, old?.spec?.scaleTargetRef];
  const same = old !== undefined && now?.apiVersion === before?.apiVersion && now?.kind === before?.kind;
  if (same) return { apiVersion: "any" };
  return now?.kind === coreKind ? coreAllowed : { apiVersion: "group" };
}

function metricOptions(old: HorizontalPodAutoscaler | undefined): ReferenceOptions {
  const wasBad = old?.spec?.metrics?.some(({ type, object }) => {
    return type === "Object" && object && apiVersionProblem(object.describedObject, coreAllowed) !== undefined;
  });
  return wasBad ? { apiVersion: "any" } : coreAllowed;
}

function validateReplicas({ minReplicas, maxReplicas = 0 }: HorizontalPodAutoscalerSpec, lowest: number): FieldError[] {
  const min = specField.child("minReplicas");
  const max = specField.child("maxReplicas");
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < lowest) {
    errors.push(invalid(min, minReplicas, `must be greater than or equal to ${lowest}`));
  }
  if (maxReplicas === 0) errors.push(required(max, "must be set and greater than 0"));
  else if (maxReplicas < 0) errors.push(invalid(max, maxReplicas, "must be greater than 0"));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid(max, maxReplicas, "must be greater than or equal to `minReplicas`"));
  }
  return errors;
}

function validatePolicy({ type, value = 0, periodSeconds = 0 }: HPAScalingPolicy, field: Path): FieldError[] {
  const period = field.child("periodSeconds");
  const errors: FieldError[] = [];
  if (type !== "Pods" && type !== "Percent") {
    errors.push(notSupported(field.child("type"), type ?? "", ["Percent", "Pods"]));
  }
  if (value <= 0) errors.push(invalid(field.child("value"), value, "must be greater than zero"));
  if (periodSeconds <= 0) errors.push(invalid(period, periodSeconds, "must be greater than zero"));
  if (periodSeconds > maxPeriodSeconds) {
    errors.push(invalid(period, periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`));
  }
  return errors;
}

function validateRules(rules: HPAScalingRules | undefined, field: Path): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: seconds = 0, selectPolicy, policies = [], tolerance } = rules;
  const window = field.child("stabilizationWindowSeconds");
  const at = field.child("policies");
  const errors: FieldError[] = [];
  if (seconds < 0) errors.push(invalid(window, seconds, "must be greater than or equal to zero"));
  if (seconds > maxWindowSeconds) {
    errors.push(invalid(window, seconds, `must be less than or equal to ${maxWindowSeconds}`));
  }
  if (selectPolicy !== undefined && !["Max", "Min", "Disabled"].includes(selectPolicy)) {
    errors.push(notSupported(field.child("selectPolicy"), selectPolicy, ["Disabled", "Max", "Min"]));
  }
  if (policies.length === 0) errors.push(required(at, "must specify at least one Policy"));
  errors.push(...policies.flatMap((policy, index) => validatePolicy(policy, at.index(index))));
  if (tolerance !== undefined && parseQuantity(tolerance).sign() < 0) {
    errors.push(invalid(field.child("tolerance"), tolerance, nonNegativeText));
  }
  return errors;
}

function validateMetrics({ metrics = [], minReplicas }: HorizontalPodAutoscalerSpec, options: ReferenceOptions) {
  const field = specField.child("metrics");
  const errors = metrics.flatMap((metric, index) => validateMetric(metric, field.index(index), options));
  if (minReplicas !== 0 || metrics.some(({ type }) => type === "Object" || type === "External")) return errors;
  const text = "must specify at least one Object or External metric to support scaling to zero replicas";
  return [...errors, forbidden(field, text)];
}

/** A new autoscaler, or one that replaces `old`: what had no pods may stay so. */
export function validateAutoscaler(autoscaler: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): FieldError[] {
  const { spec } = autoscaler;
  const behavior = specField.child("behavior");
  return [
    ...validateReplicas(spec ?? {}, old?.spec?.minReplicas === 0 ? 0 : 1),
    ...validateReference(spec?.scaleTargetRef, specField.child("scaleTargetRef"), targetOptions(autoscaler, old)),
    ...validateMetrics(spec ?? {}, metricOptions(old)),
    ...validateRules(spec?.behavior?.scaleUp, behavior.child("scaleUp")),
    ...validateRules(spec?.behavior?.scaleDown, behavior.child("scaleDown")),
  ];
}

/** Counts are not negative. */
export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler): FieldError[] {
  return (["currentReplicas", "desiredReplicas"] as const).flatMap((name) =>
    validateNonNegative(status?.[name], path("status", name)),
  );
}
