/**
 * The metrics of autoscalers, as v2 has them and as v1's annotations do. Keys stand in the order in which Go
 * writes them.
 */

type Map = Record<string, unknown>;

const part = (value: unknown): Map => (value ?? {}) as Map;
/** What is absent leaves no key, neither here nor in the JSON. */
const given = (value: unknown) => value ?? undefined;

/** A metric of a v2 spec as v1 has it. */
export function metricToV1({ type, object, pods, resource, containerResource, external }: Map): Map {
  const target = (of: unknown) => part(part(of).target);
  const metric = (of: unknown) => part(part(of).metric);
  const resourceSource = (of: unknown) => ({
    name: part(of).name,
    targetAverageUtilization: given(target(of).averageUtilization),
    targetAverageValue: given(target(of).averageValue),
  });
  return {
    type,
    object: object && {
      target: part(object).describedObject,
      metricName: metric(object).name,
      targetValue: target(object).value ?? "0",
      selector: given(metric(object).selector),
      averageValue: given(target(object).averageValue),
    },
    pods: pods && {
      metricName: metric(pods).name,
      targetAverageValue: target(pods).averageValue ?? "0",
      selector: given(metric(pods).selector),
    },
    resource: resource && resourceSource(resource),
    containerResource: containerResource && {
      ...resourceSource(containerResource),
      container: part(containerResource).container,
    },
    external: external && {
      metricName: metric(external).name,
      metricSelector: given(metric(external).selector),
      targetValue: given(target(external).value),
      targetAverageValue: given(target(external).averageValue),
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

/** A metric of a v2 status as v1 has it. */
export function statusToV1({ type, object, pods, resource, containerResource, external }: Map): Map {
  const current = (of: unknown) => part(part(of).current);
  const metric = (of: unknown) => part(part(of).metric);
  const resourceStatus = (of: unknown) => ({
    name: part(of).name,
    currentAverageUtilization: given(current(of).averageUtilization),
    currentAverageValue: current(of).averageValue ?? "0",
  });
  return {
    type,
    object: object && {
      target: part(object).describedObject,
      metricName: metric(object).name,
      currentValue: current(object).value ?? "0",
      selector: given(metric(object).selector),
      averageValue: given(current(object).averageValue),
    },
    pods: pods && {
      metricName: metric(pods).name,
      currentAverageValue: current(pods).averageValue ?? "0",
      selector: given(metric(pods).selector),
    },
    resource: resource && resourceStatus(resource),
    containerResource: containerResource && {
      ...resourceStatus(containerResource),
      container: part(containerResource).container,
    },
    external: external && {
      metricName: metric(external).name,
      metricSelector: given(metric(external).selector),
      currentValue: current(external).value ?? "0",
      currentAverageValue: given(current(external).averageValue),
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
