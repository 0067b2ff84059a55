/**
 * The metrics of autoscalers, as v2 has them and as v1's annotations do. Keys stand in the order in which Go
 * writes them.
 */

type Map = Record<string, unknown>;

const part = (value: unknown): Map => (value ?? {}) as Map;
/** What is absent leaves no key, neither here nor in the JSON. */
const given = (value: unknown) => value ?? undefined;

/** A metric of a v2 spec as v1 has it. */
export function metricToV1(metric: Map): Map {
  return toV1(metric, "target", undefined);
}

/** A metric of a v2 status as v1 has it. */
export function statusToV1(metric: Map): Map {
  return toV1(metric, "current", "0");
}

/** `values` is what v2 calls the values and v1 begins their names with; `none` is what may be absent from a spec alone. */
function toV1(
  { type, object, pods, resource, containerResource, external }: Map,
  values: "target" | "current",
  none: "0" | undefined,
): Map {
  const valuesOf = (of: unknown) => part(part(of)[values]);
  const metric = (of: unknown) => part(part(of).metric);
  const ofResource = (of: unknown) => ({
    name: part(of).name,
    [`${values}AverageUtilization`]: given(valuesOf(of).averageUtilization),
    [`${values}AverageValue`]: valuesOf(of).averageValue ?? none,
  });
  return {
    type,
    object: object && {
      target: part(object).describedObject,
      metricName: metric(object).name,
      [`${values}Value`]: valuesOf(object).value ?? "0",
      selector: given(metric(object).selector),
      averageValue: given(valuesOf(object).averageValue),
    },
    pods: pods && {
      metricName: metric(pods).name,
      [`${values}AverageValue`]: valuesOf(pods).averageValue ?? "0",
      selector: given(metric(pods).selector),
    },
    resource: resource && ofResource(resource),
    containerResource: containerResource && {
      ...ofResource(containerResource),
      container: part(containerResource).container,
    },
    external: external && {
      metricName: metric(external).name,
      metricSelector: given(metric(external).selector),
      [`${values}Value`]: valuesOf(external).value ?? none,
      [`${values}AverageValue`]: given(valuesOf(external).averageValue),
    },
  };
}

function utilizationTarget(of: Map): Map {
  const utilization = given(of.targetAverageUtilization);
  const type = utilization === undefined ? "AverageValue" : "Utilization";
  return { type, averageValue: given(of.targetAverageValue), averageUtilization: utilization };
}

function objectTarget({ targetValue, averageValue }: Map): Map {
  const value = targetValue ?? "0";
  if (averageValue === undefined || averageValue === null) return { type: "Value", value };
  // v1 cannot leave the value out, and a zero is none.
  return { type: "AverageValue", value: value === "0" ? undefined : value, averageValue };
}

/** A metric of v1 as a v2 spec has it. */
export function metricFromV1({ type, object, pods, resource, containerResource, external }: Map): Map {
  const of = { object: part(object), pods: part(pods), resource: part(resource), external: part(external) };
  const container = part(containerResource);
  return {
    type,
    object: object && {
      describedObject: of.object.target,
      target: objectTarget(of.object),
      metric: { name: of.object.metricName, selector: given(of.object.selector) },
    },
    pods: pods && {
      metric: { name: of.pods.metricName, selector: given(of.pods.selector) },
      target: { type: "AverageValue", averageValue: of.pods.targetAverageValue ?? "0" },
    },
    resource: resource && { name: of.resource.name, target: utilizationTarget(of.resource) },
    containerResource: containerResource && {
      name: container.name,
      target: utilizationTarget(container),
      container: container.container,
    },
    external: external && {
      metric: { name: of.external.metricName, selector: given(of.external.metricSelector) },
      target: {
        type: given(of.external.targetValue) === undefined ? "AverageValue" : "Value",
        value: given(of.external.targetValue),
        averageValue: given(of.external.targetAverageValue),
      },
    },
  };
}

/** A metric of v1 as a v2 status has it. */
export function statusFromV1({ type, object, pods, resource, containerResource, external }: Map): Map {
  const ofResource = (of: Map) => ({
    name: of.name,
    current: {
      averageValue: of.currentAverageValue ?? "0",
      averageUtilization: given(of.currentAverageUtilization),
    },
  });
  const of = { object: part(object), pods: part(pods), external: part(external) };
  return {
    type,
    object: object && {
      metric: { name: of.object.metricName, selector: given(of.object.selector) },
      current: { value: of.object.currentValue ?? "0", averageValue: given(of.object.averageValue) },
      describedObject: of.object.target,
    },
    pods: pods && {
      metric: { name: of.pods.metricName, selector: given(of.pods.selector) },
      current: { averageValue: of.pods.currentAverageValue ?? "0" },
    },
    resource: resource && ofResource(part(resource)),
    containerResource: containerResource && {
      ...ofResource(part(containerResource)),
      container: part(containerResource).container,
    },
    external: external && {
      metric: { name: of.external.metricName, selector: given(of.external.metricSelector) },
      current: { value: of.external.currentValue ?? "0", averageValue: given(of.external.currentAverageValue) },
    },
  };
}
