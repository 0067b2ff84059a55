import { describe, expect, test } from "vitest";
import { decode } from "../../../../../lib/openapi/decode.ts";
import { horizontalPodAutoscalerStrategy as strategy } from "../../../../../lib/registry/autoscaling/horizontalpodautoscaler.ts";
import { now, texts } from "../objects.ts";

const target = { kind: "Deployment", name: "t" };

function made(spec: object) {
  const { object } = decode("autoscaling.v2.HorizontalPodAutoscaler", { metadata: { name: "a" }, spec });
  strategy.setDefaults?.(object as never, "autoscaling/v2");
  return object as never;
}

describe("an autoscaler", () => {
  test("keeps processors at 80% unless told otherwise, and behaves", () => {
    const { spec } = made({
      scaleTargetRef: target,
      maxReplicas: 3,
      behavior: { scaleUp: { selectPolicy: "Min" } },
    }) as { spec: Record<string, unknown> };
    expect([spec.minReplicas, spec.metrics]).toEqual([
      1,
      [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }],
    ]);
    expect(spec.behavior).toMatchObject({
      scaleUp: { selectPolicy: "Min", stabilizationWindowSeconds: 0 },
      scaleDown: { selectPolicy: "Max" },
    });
  });

  test("has a target and bounds", async () => {
    const bad = made({ scaleTargetRef: { apiVersion: "apps/v1", kind: "", name: "" }, minReplicas: 5, maxReplicas: 3 });
    expect(texts((await strategy.validate?.(bad, undefined as never)) ?? [])).toEqual([
      "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`",
      "spec.scaleTargetRef.kind: Required value",
      "spec.scaleTargetRef.name: Required value",
    ]);
  });

  test("is shown with its first metrics", () => {
    const metrics = [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
      { type: "Pods", pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "10" } } },
      { type: "External", external: { metric: { name: "m" }, target: { type: "Value", value: "1" } } },
    ];
    const object = made({ scaleTargetRef: target, minReplicas: 2, maxReplicas: 9, metrics }) as Record<string, unknown>;
    object.status = {
      currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: 7 } } }],
    };
    expect(strategy.cells?.(object as never, { now })).toEqual([
      "a",
      "Deployment/t",
      "cpu: 7%/50%, <unknown>/10 + 1 more...",
      "2",
      9,
      0,
      "<unknown>",
    ]);
  });
});
