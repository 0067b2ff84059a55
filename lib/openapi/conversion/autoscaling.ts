/**
 * Autoscalers of autoscaling/v1, stored as v2: what v1 cannot say is kept in annotations (upstream:
 * pkg/apis/autoscaling/v1/conversion.go).
 */
import type { AnyObject } from "../../apimachinery/meta.ts";
import { canonicalize } from "../decode.ts";
import { DecodeError } from "../scalars.ts";
import { metricFromV1, metricToV1, statusFromV1, statusToV1 } from "./autoscaling-metrics.ts";

type Map = Record<string, unknown>;

const prefix = "autoscaling.alpha.kubernetes.io/";
const metricsAnnotation = `${prefix}metrics`;
const statusesAnnotation = `${prefix}current-metrics`;
const conditionsAnnotation = `${prefix}conditions`;
const behaviorAnnotation = `${prefix}behavior`;
const roundTripAnnotations = [
  metricsAnnotation,
  statusesAnnotation,
  conditionsAnnotation,
  behaviorAnnotation,
  `${prefix}scale-down-tolerance`,
  `${prefix}scale-up-tolerance`,
];

const defaultUtilization = 80;

function utilizationMetric(averageUtilization: unknown): Map {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } };
}

/** A CPU metric whose target v1 has a field for. */
function isUtilization({ type, resource }: Map): boolean {
  const { name, target } = (resource ?? {}) as { name?: unknown; target?: Map };
  return type === "Resource" && name === "cpu" && target?.averageUtilization !== undefined;
}

/** The list in an annotation, each item converted; undefined where there is none or it cannot be read. */
function annotated(text: string | undefined, definition: string, convert: (item: Map) => Map): Map[] | undefined {
  if (text === undefined) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return undefined;
    return list.map((item) => canonicalize(definition, convert(item ?? {}) as AnyObject) as unknown as Map);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DecodeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Renames the keys of a value, at every depth: the annotation holds the names of Go's fields. */
function renameKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [rename(key), renameKeys(one, rename)]));
}

const lowerFirst = (key: string) => key.slice(0, 1).toLowerCase() + key.slice(1);

function behaviorFrom(text: string | undefined): Map | undefined {
  const [behavior] =
    annotated(
      text === undefined ? undefined : `[${text}]`,
      "autoscaling.v2.HorizontalPodAutoscalerBehavior",
      (item) => {
        return renameKeys(item, lowerFirst) as Map;
      },
    ) ?? [];
  return behavior && Object.keys(behavior).length > 0 ? behavior : undefined;
}

function rulesText(rules: unknown): Map | null {
  if (rules === undefined || rules === null) return null;
  const { stabilizationWindowSeconds, selectPolicy, policies, tolerance } = rules as Map;
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds ?? null,
    SelectPolicy: selectPolicy ?? null,
    Policies:
      (policies as Map[] | undefined)?.map(({ type, value, periodSeconds }) => {
        return { Type: type, Value: value, PeriodSeconds: periodSeconds };
      }) ?? null,
    Tolerance: tolerance ?? null,
  };
}

function withoutRoundTrip(annotations: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !roundTripAnnotations.includes(key));
  return Object.fromEntries(kept);
}

function withAnnotations({ metadata }: AnyObject, annotations: Record<string, string>): AnyObject["metadata"] {
  const { annotations: _, ...rest } = metadata;
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest;
}

function toStored(object: AnyObject): AnyObject {
  const { spec, status } = object as unknown as { spec: Map; status?: Map };
  const annotations = object.metadata.annotations ?? {};
  const { targetCPUUtilizationPercentage: target, ...v2Spec } = spec;
  const others = annotated(annotations[metricsAnnotation], "autoscaling.v2.MetricSpec", metricFromV1) ?? [];
  const metrics = target === undefined || target === null ? others : [...others, utilizationMetric(target)];
  const behavior = behaviorFrom(annotations[behaviorAnnotation]);
  const { currentCPUUtilizationPercentage: current, ...v2Status } = status ?? {};
  const shown =
    current === undefined || current === null
      ? undefined
      : [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: current } } }];
  const stored = {
    kind: object.kind,
    apiVersion: "autoscaling/v2",
    metadata: withAnnotations(object, withoutRoundTrip(annotations)),
    spec: { ...v2Spec, metrics: metrics.length > 0 ? metrics : [utilizationMetric(defaultUtilization)], behavior },
    status: {
      ...v2Status,
      currentMetrics: annotated(annotations[statusesAnnotation], "autoscaling.v2.MetricStatus", statusFromV1) ?? shown,
      conditions: annotated(
        annotations[conditionsAnnotation],
        "autoscaling.v2.HorizontalPodAutoscalerCondition",
        (item) => item,
      ),
    },
  };
  return canonicalize("autoscaling.v2.HorizontalPodAutoscaler", stored as unknown as AnyObject);
}

function fromStored(object: AnyObject): AnyObject {
  const { spec, status } = object as unknown as { spec: Map; status?: Map };
  const { metrics, behavior, ...v1Spec } = spec as { metrics?: Map[]; behavior?: Map };
  const { currentMetrics, conditions, ...v1Status } = (status ?? {}) as { currentMetrics?: Map[]; conditions?: Map[] };
  const annotations = withoutRoundTrip(object.metadata.annotations);
  const others = (metrics ?? []).filter((metric) => !isUtilization(metric));
  if (others.length > 0) annotations[metricsAnnotation] = JSON.stringify(others.map(metricToV1));
  if (currentMetrics?.length) annotations[statusesAnnotation] = JSON.stringify(currentMetrics.map(statusToV1));
  if (behavior) {
    const rules = { ScaleUp: rulesText(behavior.scaleUp), ScaleDown: rulesText(behavior.scaleDown) };
    annotations[behaviorAnnotation] = JSON.stringify(rules);
  }
  if (conditions?.length) annotations[conditionsAnnotation] = JSON.stringify(conditions);
  const target = (metrics ?? []).find(isUtilization)?.resource as { target: Map } | undefined;
  const cpu = (currentMetrics ?? [])
    .map(({ resource }) => resource as { name?: unknown; current?: Map } | undefined)
    .filter((resource) => resource?.name === "cpu" && resource.current?.averageUtilization !== undefined)
    .at(-1);
  const served = {
    kind: object.kind,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(object, annotations),
    spec: { ...v1Spec, targetCPUUtilizationPercentage: target?.target.averageUtilization },
    status: { ...v1Status, currentCPUUtilizationPercentage: cpu?.current?.averageUtilization },
  };
  return canonicalize("autoscaling.v1.HorizontalPodAutoscaler", served as unknown as AnyObject);
}

/** Between autoscaling/v1 and autoscaling/v2. */
export const autoscalers = { toStored, fromStored };
