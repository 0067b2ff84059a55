import { describe, expect, test } from "vitest";
import type { HorizontalPodAutoscaler } from "../../../../../lib/openapi/types/autoscaling-v2.ts";
import { horizontalPodAutoscalerStrategy as strategy } from "../../../../../lib/registry/autoscaling/horizontalpodautoscaler.ts";
import { context, created, problems, updated } from "../objects.ts";

const definition = "autoscaling.v2.HorizontalPodAutoscaler";
const at = { ...context(), version: "autoscaling/v2" };
const metadata = { name: "a", namespace: "d" };
const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "t" };
const metric = "spec.metrics[0]";
const value = { type: "Value", value: "1" };

interface Case {
  readonly name: string;
  readonly spec: object;
  readonly want: unknown[];
}

const bounds: Case[] = [
  { name: "a plain one", spec: {}, want: [] },
  {
    name: "no most",
    spec: { maxReplicas: 0 },
    want: [
      "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
      "spec.maxReplicas: Required value: must be set and greater than 0",
    ],
  },
  {
    name: "none at all without a metric of something else",
    spec: {
      minReplicas: 0,
      metrics: [{ type: "Pods", pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "1" } } }],
    },
    want: [
      "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas",
      "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
    ],
  },
  {
    name: "a target of no group",
    spec: { scaleTargetRef: { kind: "Deployment", name: "t" } },
    want: ['spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group'],
  },
  { name: "the core group's target", spec: { scaleTargetRef: { kind: "ReplicationController", name: "t" } }, want: [] },
  {
    name: "an apiVersion that is none",
    spec: { scaleTargetRef: { ...scaleTargetRef, apiVersion: "a/b/c" } },
    want: ['spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
  },
];

const metrics: Case[] = [
  {
    name: "an unknown type",
    spec: { metrics: [{ type: "Odd" }] },
    // Upstream finds it twice.
    want: Array.from({ length: 2 }, () => {
      return `${metric}.type: Unsupported value: "Odd": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"`;
    }),
  },
  {
    name: "no source",
    spec: { metrics: [{ type: "ContainerResource" }] },
    want: [`${metric}.containerResource: Required value: must populate information for the given metric source`],
  },
  {
    name: "two sources",
    spec: {
      metrics: [
        {
          type: "External",
          external: { metric: { name: "m" }, target: value },
          resource: { name: "cpu", target: value },
        },
      ],
    },
    want: [`${metric}.resource: Forbidden: must populate the given metric source only`],
  },
  {
    name: "a resource without a target",
    spec: { metrics: [{ type: "Resource", resource: { name: "", target: {} } }] },
    want: [
      `${metric}.resource.name: Required value: must specify a resource name`,
      `${metric}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
      `${metric}.resource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue`,
      `${metric}.resource.target.type: Required value: must specify a metric target type`,
    ],
  },
  {
    name: "a container's resource in two ways, neither positive",
    spec: {
      metrics: [
        {
          type: "ContainerResource",
          containerResource: {
            name: "gold",
            container: "A",
            target: { type: "Utilization", averageUtilization: 0, averageValue: "0" },
          },
        },
      ],
    },
    want: [
      expect.stringContaining(`${metric}.containerResource.container: Invalid value: "A": a lowercase RFC 1123 label`),
      `${metric}.containerResource.name: Invalid value: "gold": must be a standard resource for containers`,
      `${metric}.containerResource.name: Invalid value: "gold": must be a standard resource type or fully qualified`,
      `${metric}.containerResource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
      `${metric}.containerResource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
      `${metric}.containerResource.target.averageValue: Invalid value: "0": must be positive`,
    ],
  },
  {
    name: "an object of a malformed version, and no value",
    spec: {
      metrics: [
        {
          type: "Object",
          object: {
            describedObject: { apiVersion: "a/b/c", kind: "K", name: "n" },
            metric: { name: "a/b" },
            target: { type: "Value" },
          },
        },
      ],
    },
    want: [
      `${metric}.object.describedObject.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c`,
      `${metric}.object.metric.name: Invalid value: "a/b": may not contain '/'`,
      `${metric}.object.target.averageValue: Required value: must set either a target value or averageValue`,
    ],
  },
  {
    name: "something outside in two ways, or none",
    spec: {
      metrics: [
        { type: "External", external: { metric: { name: "m" }, target: { ...value, averageValue: "1" } } },
        { type: "External", external: { metric: { name: "m" }, target: { type: "Value" } } },
      ],
    },
    want: [
      `${metric}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target`,
      "spec.metrics[1].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target",
    ],
  },
  {
    name: "pods without an average",
    spec: { metrics: [{ type: "Pods", pods: { metric: { name: "" }, target: value } }] },
    want: [
      `${metric}.pods.metric.name: Required value: must specify a metric name`,
      `${metric}.pods.target.averageValue: Required value: must specify a positive target averageValue`,
    ],
  },
];

const behaviors: Case[] = [
  {
    name: "windows",
    spec: {
      behavior: { scaleUp: { stabilizationWindowSeconds: 3601 }, scaleDown: { stabilizationWindowSeconds: -1 } },
    },
    want: [
      "spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero",
      "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600",
    ],
  },
  {
    name: "policies",
    spec: {
      behavior: {
        scaleUp: {
          selectPolicy: "Mean",
          tolerance: "-0.1",
          policies: [
            { type: "Nodes", value: 0, periodSeconds: 0 },
            { type: "Pods", value: 1, periodSeconds: 1801 },
          ],
        },
      },
    },
    want: [
      "spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero",
      'spec.behavior.scaleUp.policies[0].type: Unsupported value: "Nodes": supported values: "Percent", "Pods"',
      "spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero",
      "spec.behavior.scaleUp.policies[1].periodSeconds: Invalid value: 1801: must be less than or equal to 1800",
      'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Mean": supported values: "Disabled", "Max", "Min"',
      'spec.behavior.scaleUp.tolerance: Invalid value: "-100m": must be greater than or equal to 0',
    ],
  },
];

test.each([...bounds, ...metrics, ...behaviors])("$name", async ({ spec, want }) => {
  const object = { metadata, spec: { scaleTargetRef, maxReplicas: 3, ...spec } };
  // Defaults of the version that is stored.
  expect(await problems(definition, v2, object, at)).toEqual(want);
});

/** The strategy with the defaults of v2, whatever the version. */
const v2 = { ...strategy, setDefaults: (object: HorizontalPodAutoscaler) => strategy.setDefaults?.(object, "v2") };

describe("an update", () => {
  const stored = (spec: object) =>
    created<HorizontalPodAutoscaler>(definition, v2, { metadata, spec: { scaleTargetRef, maxReplicas: 3, ...spec } });

  test("keeps what was allowed before", async () => {
    const object = {
      describedObject: { apiVersion: "a/b/c", kind: "K", name: "n" },
      metric: { name: "m" },
      target: value,
    };
    const old = stored({
      scaleTargetRef: { kind: "Deployment", name: "t" },
      minReplicas: 0,
      metrics: [{ type: "Object", object }],
    });
    const change = (one: HorizontalPodAutoscaler) => {
      one.spec.maxReplicas = 4;
    };
    expect((await updated(definition, v2, old as never, change as never)).problems).toEqual([]);
    const retarget = (one: HorizontalPodAutoscaler) => {
      one.spec.scaleTargetRef.kind = "StatefulSet";
    };
    expect((await updated(definition, v2, old as never, retarget as never)).problems).toEqual([
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
    ]);
  });

  test("of the status counts from zero", async () => {
    const change = (one: HorizontalPodAutoscaler) => {
      one.status = { currentReplicas: -1, desiredReplicas: -2 };
    };
    expect((await updated(definition, v2, stored({}) as never, change as never, "status")).problems).toEqual([
      "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
      "status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0",
    ]);
  });
});
