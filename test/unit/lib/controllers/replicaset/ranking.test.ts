import { describe, expect, it } from "vitest";
import { timeText } from "../../../../../lib/apimachinery/clock.ts";
import { rankForDeletion } from "../../../../../lib/controllers/replicaset/ranking.ts";
import type { Pod } from "../../../../../lib/openapi/types/core-v1.ts";

const now = Date.parse("2026-01-02T00:00:00Z");

interface Shape {
  node?: string;
  phase?: string;
  readyAgeMs?: number;
  ageMs?: number;
  restarts?: number;
  cost?: string;
}

function pod(
  name: string,
  { node = "n1", phase = "Running", readyAgeMs, ageMs = 3_600_000, restarts = 0, cost }: Shape,
): Pod {
  const lastTransitionTime = timeText(now - (readyAgeMs ?? 0));
  return {
    metadata: {
      name,
      namespace: "d",
      uid: name,
      resourceVersion: "1",
      creationTimestamp: timeText(now - ageMs),
      ...(cost === undefined ? {} : { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } }),
    },
    spec: { containers: [], ...(node === "" ? {} : { nodeName: node }) },
    status: {
      phase,
      conditions: readyAgeMs === undefined ? [] : [{ type: "Ready", status: "True", lastTransitionTime }],
      containerStatuses: [{ name: "c", image: "", imageID: "", ready: true, restartCount: restarts }],
    },
  };
}

describe("rankForDeletion", () => {
  const ready = { readyAgeMs: 3_600_000 };
  const cases: { name: string; first: Shape; second: Shape }[] = [
    { name: "unassigned before assigned", first: { node: "" }, second: {} },
    { name: "pending before unknown", first: { phase: "Pending" }, second: { phase: "Unknown" } },
    { name: "unknown before running", first: { phase: "Unknown" }, second: {} },
    { name: "not ready before ready", first: {}, second: ready },
    { name: "lower cost before higher", first: { ...ready, cost: "-5" }, second: { ...ready, cost: "3" } },
    { name: "no cost is zero", first: ready, second: { ...ready, cost: "1" } },
    { name: "a cost that is no number is zero", first: { ...ready, cost: "x9" }, second: { ...ready, cost: "1" } },
    { name: "ready for a shorter time", first: { readyAgeMs: 60_000 }, second: ready },
    { name: "restarted more often", first: { restarts: 3 }, second: { restarts: 1 } },
    { name: "younger", first: { ageMs: 60_000 }, second: {} },
  ];
  for (const { name, first, second } of cases) {
    it(name, () => {
      const [a, b] = [pod("b-first", first), pod("a-second", second)];
      for (const order of [
        [a, b],
        [b, a],
      ])
        expect(rankForDeletion(order, [], now).map((one) => one.metadata.name)).toEqual(["b-first", "a-second"]);
    });
  }

  it("takes from the fuller node", () => {
    const [a, b, c] = [
      pod("a", { ...ready, node: "n1" }),
      pod("b", { ...ready, node: "n2" }),
      pod("c", { ...ready, node: "n2" }),
    ];
    expect(rankForDeletion([a, b], [a, b, c], now)[0].metadata.name).toBe("b");
  });

  it("does not care for ages of the same magnitude", () => {
    const [a, b] = [pod("a", { readyAgeMs: 5_000_000 }), pod("b", { readyAgeMs: 4_800_000 })];
    expect(rankForDeletion([b, a], [], now)[0].metadata.name).toBe("a");
  });
});
