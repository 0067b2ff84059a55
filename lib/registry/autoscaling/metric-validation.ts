/** The metrics of autoscalers (upstream: pkg/apis/autoscaling/validation). */
import { parseQuantity } from "../../apimachinery/quantity.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isDNS1123Label, isValidPathSegmentName } from "../../apimachinery/validation/names.ts";
import type {
  ContainerResourceMetricSource,
  ExternalMetricSource,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
  ResourceMetricSource,
} from "../../openapi/types/autoscaling-v2.ts";
import { validateContainerResourceName } from "../validation/resource-names.ts";
import { type ReferenceOptions, validateReference } from "./reference-validation.ts";

/** The field of each type of metric, in upstream's order. */
const sources = {
  Object: "object",
  External: "external",
  Pods: "pods",
  Resource: "resource",
  ContainerResource: "containerResource",
} as const;

type Source = (typeof sources)[keyof typeof sources];
const types = Object.keys(sources);
const targets = ["Utilization", "Value", "AverageValue"];

function validateAmount(text: string | undefined, field: Path): FieldError[] {
  return text === undefined || parseQuantity(text).sign() > 0 ? [] : [invalid(field, text, "must be positive")];
}

function validateTarget(target: MetricTarget | undefined, field: Path): FieldError[] {
  const { type = "", value, averageValue, averageUtilization: utilization } = target ?? {};
  const at = field.child("type");
  const errors = type === "" ? [required(at, "must specify a metric target type")] : [];
  if (!targets.includes(type)) errors.push(invalid(at, type, "must be either Utilization, Value, or AverageValue"));
  errors.push(...validateAmount(value, field.child("value")));
  errors.push(...validateAmount(averageValue, field.child("averageValue")));
  if (utilization === undefined || utilization >= 1) return errors;
  return [...errors, invalid(field.child("averageUtilization"), utilization, "must be greater than 0")];
}

function validateIdentifier(metric: MetricIdentifier | undefined, field: Path): FieldError[] {
  const name = metric?.name ?? "";
  const at = field.child("name");
  if (name === "") return [required(at, "must specify a metric name")];
  return isValidPathSegmentName(name).map((problem) => invalid(at, name, problem));
}

/** A resource of pods or containers: so much of what they request, or so much. */
function validateUtilization(target: MetricTarget | undefined, field: Path): FieldError[] {
  const { averageUtilization, averageValue } = target ?? {};
  const errors = validateTarget(target, field);
  if (averageUtilization === undefined && averageValue === undefined) {
    const text = "must set either a target raw value or a target utilization";
    return [...errors, required(field.child("averageUtilization"), text)];
  }
  if (averageUtilization === undefined || averageValue === undefined) return errors;
  const text = "may not set both a target raw value and a target utilization";
  return [...errors, forbidden(field.child("averageValue"), text)];
}

function validateObject(source: ObjectMetricSource, field: Path, options: ReferenceOptions): FieldError[] {
  const target = field.child("target");
  const { value, averageValue } = source.target ?? {};
  const unset = value === undefined && averageValue === undefined;
  return [
    ...validateReference(source.describedObject, field.child("describedObject"), options),
    ...validateIdentifier(source.metric, field.child("metric")),
    ...validateTarget(source.target, target),
    ...(unset ? [required(target.child("averageValue"), "must set either a target value or averageValue")] : []),
  ];
}

function validateExternal(source: ExternalMetricSource, field: Path): FieldError[] {
  const target = field.child("target");
  const { value, averageValue } = source.target ?? {};
  const errors = [
    ...validateIdentifier(source.metric, field.child("metric")),
    ...validateTarget(source.target, target),
  ];
  if (value === undefined && averageValue === undefined) {
    const text = "must set either a target value for metric or a per-pod target";
    return [...errors, required(target.child("averageValue"), text)];
  }
  if (value === undefined || averageValue === undefined) return errors;
  return [
    ...errors,
    forbidden(target.child("value"), "may not set both a target value for metric and a per-pod target"),
  ];
}

function validatePods(source: PodsMetricSource, field: Path): FieldError[] {
  const target = field.child("target");
  const unset = source.target?.averageValue === undefined;
  return [
    ...validateIdentifier(source.metric, field.child("metric")),
    ...validateTarget(source.target, target),
    ...(unset ? [required(target.child("averageValue"), "must specify a positive target averageValue")] : []),
  ];
}

function validateResource({ name, target }: ResourceMetricSource, field: Path): FieldError[] {
  const errors = name ? [] : [required(field.child("name"), "must specify a resource name")];
  return [...errors, ...validateUtilization(target, field.child("target"))];
}

function validateContainerResource(source: ContainerResourceMetricSource, field: Path): FieldError[] {
  const { name, container, target } = source;
  const [nameField, at] = [field.child("name"), field.child("container")];
  return [
    ...(name ? validateContainerResourceName(name, nameField) : [required(nameField, "must specify a resource name")]),
    ...(container
      ? isDNS1123Label(container).map((problem) => invalid(at, container, problem))
      : [required(at, "must specify a container")]),
    ...validateUtilization(target, field.child("target")),
  ];
}

function validateSource(name: Source, metric: MetricSpec, field: Path, options: ReferenceOptions): FieldError[] {
  const { object, external, pods, resource, containerResource } = metric;
  if (name === "object" && object) return validateObject(object, field, options);
  if (name === "external" && external) return validateExternal(external, field);
  if (name === "pods" && pods) return validatePods(pods, field);
  if (name === "resource" && resource) return validateResource(resource, field);
  return containerResource ? validateContainerResource(containerResource, field) : [];
}

/** One metric: of a known type, with that type's field and no other. */
export function validateMetric(metric: MetricSpec, field: Path, options: ReferenceOptions): FieldError[] {
  const { type = "" } = metric;
  const at = field.child("type");
  const present = Object.values(sources).filter((name) => metric[name] !== undefined);
  const expected: Source | undefined = sources[type as keyof typeof sources];
  const errors = type === "" ? [required(at, "must specify a metric source type")] : [];
  // Upstream finds an unknown type twice.
  if (!expected) errors.push(notSupported(at, type, types), notSupported(at, type, types));
  const [first] = present;
  if (first) errors.push(...validateSource(first, metric, field.child(first), options));
  if (expected && !present.includes(expected)) {
    errors.push(required(field.child(expected), "must populate information for the given metric source"));
  }
  if (present.length === 1) return errors;
  const others = present.filter((name) => name !== expected);
  return [
    ...errors,
    ...others.map((name) => forbidden(field.child(name), "must populate the given metric source only")),
  ];
}
