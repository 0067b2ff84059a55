import { describe, expect, it } from "vitest";
import { timeText } from "../../../../lib/apimachinery/clock.ts";
import {
  isPodActive,
  isPodAvailable,
  isPodReady,
  isPodTerminal,
  isPodTerminating,
  nextAvailabilityMs,
} from "../../../../lib/controllers/pod-status.ts";
import type { Pod } from "../../../../lib/openapi/types/core-v1.ts";

const now = Date.parse("2026-01-01T01:00:00Z");

function pod(phase: string, readyForSeconds?: number, ending = false): Pod {
  const condition = {
    type: "Ready",
    status: "True",
    lastTransitionTime: timeText(now - (readyForSeconds ?? 0) * 1000),
  };
  return {
    metadata: {
      name: "p",
      namespace: "d",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: "",
      ...(ending ? { deletionTimestamp: timeText(now) } : {}),
    },
    spec: { containers: [] },
    status: { phase, conditions: readyForSeconds === undefined ? [] : [condition] },
  };
}

describe("what a pod's status says", () => {
  const cases: { name: string; pod: Pod; want: [active: boolean, terminal: boolean, terminating: boolean] }[] = [
    { name: "pending", pod: pod("Pending"), want: [true, false, false] },
    { name: "running", pod: pod("Running"), want: [true, false, false] },
    { name: "succeeded", pod: pod("Succeeded"), want: [false, true, false] },
    { name: "failed", pod: pod("Failed"), want: [false, true, false] },
    { name: "being deleted", pod: pod("Running", undefined, true), want: [false, false, true] },
    { name: "ended while being deleted", pod: pod("Failed", undefined, true), want: [false, true, false] },
  ];
  for (const { name, pod, want } of cases) {
    it(`of one that is ${name}`, () =>
      expect([isPodActive(pod), isPodTerminal(pod), isPodTerminating(pod)]).toEqual(want));
  }

  it("is available when it has been ready for long enough", () => {
    expect([isPodReady(pod("Running")), isPodReady(pod("Running", 0))]).toEqual([false, true]);
    expect(isPodAvailable(pod("Running", 0), 0, now)).toBe(true);
    expect(isPodAvailable(pod("Running", 9), 10, now)).toBe(false);
    expect(isPodAvailable(pod("Running", 10), 10, now)).toBe(true);
    expect(isPodAvailable(pod("Running"), 0, now)).toBe(false);
  });

  it("says when the next one becomes available", () => {
    const all = [pod("Running", 3), pod("Running", 8), pod("Running", 20), pod("Running")];
    expect(nextAvailabilityMs(all, 10, now)).toBe(2000);
    expect(nextAvailabilityMs([pod("Running", 20)], 10, now)).toBeUndefined();
  });
});
