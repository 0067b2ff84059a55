import { describe, expect, it } from "vitest";
import type { AnyObject } from "../../../../../lib/apimachinery/meta.ts";
import { autoscalers } from "../../../../../lib/openapi/conversion/autoscaling.ts";
import {
  metricFromV1,
  metricToV1,
  statusFromV1,
  statusToV1,
} from "../../../../../lib/openapi/conversion/autoscaling-metrics.ts";
import { events } from "../../../../../lib/openapi/conversion/events.ts";

const object = (value: unknown) => value as AnyObject;
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("events", () => {
  const given = {
    kind: "Event",
    apiVersion: "events.k8s.io/v1",
    metadata: { name: "e" },
    eventTime: "2020-01-01T00:00:00.000000Z",
    reportingController: "example.com/c",
    reportingInstance: "i",
    action: "Act",
    reason: "Why",
    regarding: { kind: "Pod", name: "p" },
    note: "so it is",
    type: "Normal",
    deprecatedCount: 3,
  };
  it("are the core group's under other names", () => {
    expect(plain(events.toStored(object(given)))).toMatchObject({
      apiVersion: "v1",
      involvedObject: { kind: "Pod", name: "p" },
      message: "so it is",
      reportingComponent: "example.com/c",
      reportingInstance: "i",
      count: 3,
    });
  });
  it("come back as they were", () => {
    expect(plain(events.fromStored(events.toStored(object(given))))).toMatchObject(given);
  });
});

describe("autoscalers", () => {
  const hpa = (spec: object, annotations?: object) =>
    object({ kind: "HorizontalPodAutoscaler", metadata: { name: "h", ...(annotations && { annotations }) }, spec });
  const prefix = "autoscaling.alpha.kubernetes.io/";
  const target = { scaleTargetRef: { kind: "Deployment", name: "d" }, maxReplicas: 5 };

  it.each([
    { name: "a percentage becomes a metric", percentage: 60, want: 60 },
    { name: "none becomes the default", percentage: undefined, want: 80 },
  ])("$name", ({ percentage, want }) => {
    const stored = autoscalers.toStored(hpa({ ...target, targetCPUUtilizationPercentage: percentage }));
    expect(plain(stored)).toMatchObject({
      apiVersion: "autoscaling/v2",
      spec: {
        maxReplicas: 5,
        metrics: [
          { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: want } } },
        ],
      },
    });
  });

  it("other metrics, behavior and conditions are annotations in v1, and come back", () => {
    const spec = {
      ...target,
      metrics: [
        { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
      ],
      behavior: { scaleUp: { stabilizationWindowSeconds: 30, selectPolicy: "Max" } },
    };
    const conditions = [{ type: "AbleToScale", status: "True", lastTransitionTime: "2020-01-01T00:00:00Z" }];
    const v2 = object({ ...hpa(spec), status: { desiredReplicas: 1, conditions, currentMetrics: null } });
    const v1 = plain(autoscalers.fromStored(v2));
    expect(v1.spec.targetCPUUtilizationPercentage).toBe(50);
    expect(v1.metadata.annotations[`${prefix}metrics`]).toBe(
      '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]',
    );
    expect(v1.metadata.annotations[`${prefix}behavior`]).toBe(
      '{"ScaleUp":{"StabilizationWindowSeconds":30,"SelectPolicy":"Max","Policies":null,"Tolerance":null},"ScaleDown":null}',
    );
    const back = plain(autoscalers.toStored(v1));
    expect(back.metadata.annotations).toBeUndefined();
    expect(back.spec).toMatchObject(spec);
    expect(back.status.conditions).toEqual(conditions);
  });

  it("an annotation that cannot be read is dropped", () => {
    const stored = plain(autoscalers.toStored(hpa(target, { [`${prefix}metrics`]: "no", keep: "me" })));
    expect(stored.metadata.annotations).toEqual({ keep: "me" });
    expect(stored.spec.metrics).toHaveLength(1);
  });

  const metric = { name: "qps", selector: { matchLabels: { a: "b" } } };
  const describedObject = { kind: "Service", name: "s" };
  it.each([
    {
      name: "object",
      metric: { type: "Object", object: { describedObject, target: { type: "Value", value: "10" }, metric } },
    },
    {
      name: "object, average",
      metric: {
        type: "Object",
        object: { describedObject, target: { type: "AverageValue", averageValue: "1" }, metric },
      },
    },
    { name: "pods", metric: { type: "Pods", pods: { metric, target: { type: "AverageValue", averageValue: "1" } } } },
    {
      name: "container",
      metric: {
        type: "ContainerResource",
        containerResource: { name: "cpu", target: { type: "Utilization", averageUtilization: 5 }, container: "c" },
      },
    },
    { name: "external", metric: { type: "External", external: { metric, target: { type: "Value", value: "7" } } } },
  ])("a metric of type $name survives v1", ({ metric: given }) => {
    expect(plain(metricFromV1(plain(metricToV1(given))))).toEqual(given);
  });

  it.each([
    { name: "object", status: { type: "Object", object: { metric, current: { value: "10" }, describedObject } } },
    { name: "pods", status: { type: "Pods", pods: { metric, current: { averageValue: "1" } } } },
    {
      name: "resource",
      status: { type: "Resource", resource: { name: "cpu", current: { averageValue: "1", averageUtilization: 5 } } },
    },
    { name: "external", status: { type: "External", external: { metric, current: { value: "7" } } } },
  ])("a status of type $name survives v1", ({ status }) => {
    expect(plain(statusFromV1(plain(statusToV1(status))))).toEqual(status);
  });
});
