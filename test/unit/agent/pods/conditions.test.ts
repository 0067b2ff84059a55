import { expect, it } from "vitest";
import { nodeConditions, withTimes } from "../../../../agent/pods/conditions.ts";
import { pod, runtimePod } from "../objects.ts";

it("readiness gates that others set count", () => {
  const status = { name: "main", image: "", imageID: "", ready: true, restartCount: 0, state: { running: {} } };
  const statuses = new Map([["main", status]]);
  const spec = { readinessGates: [{ conditionType: "lb" }] };
  const ready = (object = pod(spec)) =>
    nodeConditions(object, runtimePod(), statuses, "Running").find(({ type }) => type === "Ready");
  expect(ready()).toMatchObject({
    status: "False",
    reason: "ReadinessGatesNotReady",
    message: 'corresponding condition of pod readiness gate "lb" does not exist.',
  });
  const set = (value: string) => pod(spec, { status: { conditions: [{ type: "lb", status: value }] } });
  expect(ready(set("False"))?.message).toBe('the status of pod readiness gate "lb" is not "True", but False');
  expect(ready(set("True"))).toEqual({ type: "Ready", status: "True" });
});

it("a transition has a time, and the generation that was seen", () => {
  const before = [{ type: "Ready", status: "False", lastTransitionTime: "old" }];
  expect(withTimes([{ type: "Ready", status: "True" }], before, 4, "now")).toEqual([
    { type: "Ready", status: "True", observedGeneration: 4, lastTransitionTime: "now" },
  ]);
});
