import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../lib/apimachinery/meta.ts";
import { isHeartbeat } from "../../../../lib/nodes/heartbeat.ts";
import type { Node, NodeCondition } from "../../../../lib/openapi/types/core-v1.ts";

const condition = (more: Partial<NodeCondition> = {}): NodeCondition => ({
  type: "Ready",
  status: "True",
  reason: "KubeletReady",
  lastHeartbeatTime: "2026-01-01T00:00:00Z",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  ...more,
});
const node = (resourceVersion: string, change: (made: Node) => Node = (same) => same): Node =>
  change({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "n", uid: "u", resourceVersion, creationTimestamp: "2026-01-01T00:00:00Z", labels: { a: "b" } },
    spec: {},
    status: { conditions: [condition()], capacity: { cpu: "4" } },
  });
const later = { lastHeartbeatTime: "2026-01-01T00:05:00Z" };
const conditions = (one: NodeCondition) => (made: Node) => ({ ...made, status: { ...made.status, conditions: [one] } });

describe("a change of a Node", () => {
  it.each<{ name: string; object?: KubeObject; old?: KubeObject; want: boolean }>([
    { name: "the time alone", object: node("2", conditions(condition(later))), want: true },
    { name: "a condition", object: node("2", conditions(condition({ ...later, status: "False" }))), want: false },
    { name: "a reason", object: node("2", conditions(condition({ ...later, reason: "Other" }))), want: false },
    {
      name: "a transition",
      object: node("2", conditions(condition({ ...later, lastTransitionTime: "2026-01-01T00:05:00Z" }))),
      want: false,
    },
    {
      name: "a label",
      object: node("2", (made) => ({ ...made, metadata: { ...made.metadata, labels: { a: "c" } } })),
      want: false,
    },
    { name: "a taint", object: node("2", (made) => ({ ...made, spec: { unschedulable: true } })), want: false },
    {
      name: "its capacity",
      object: node("2", (made) => ({ ...made, status: { ...made.status, capacity: { cpu: "8" } } })),
      want: false,
    },
    {
      name: "who wrote it",
      object: node("2", (made) => ({ ...made, metadata: { ...made.metadata, managedFields: [{ manager: "x" }] } })),
      want: true,
    },
    { name: "its deletion", want: false },
    { name: "something else's time", object: { ...node("2"), kind: "Pod" }, want: false },
  ])("of $name: a heartbeat: $want", ({ object, want }) => {
    expect(isHeartbeat({ ...(object === undefined ? {} : { object }), old: node("1") })).toBe(want);
  });

  it("that is a creation is none", () => {
    expect(isHeartbeat({ object: node("1") })).toBe(false);
  });
});
