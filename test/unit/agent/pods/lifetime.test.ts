import { expect, it } from "vitest";
import { deadlineOf, isTerminal, needsResync } from "../../../../agent/pods/lifetime.ts";
import { pod } from "../objects.ts";

const startTime = "2026-01-01T00:00:00Z";

it("a deadline counts from the start that was told", () => {
  expect(deadlineOf(pod(), { startTime })).toBeUndefined();
  expect(deadlineOf(pod({ activeDeadlineSeconds: 5 }), undefined)).toBeUndefined();
  expect(deadlineOf(pod({ activeDeadlineSeconds: 5 }), { startTime })).toBe(Date.parse("2026-01-01T00:00:05Z"));
  expect(deadlineOf(pod({ activeDeadlineSeconds: 5 }, { status: { startTime } }), {})).toBe(
    Date.parse("2026-01-01T00:00:05Z"),
  );
});

it("final phases, and volumes that are renewed", () => {
  expect(["Pending", "Running", "Failed", "Succeeded"].map((phase) => isTerminal({ phase }))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(needsResync(pod({ volumes: [{ name: "a", emptyDir: {} }] }))).toBe(false);
  expect(needsResync(pod({ volumes: [{ name: "a", projected: { sources: [] } }] }))).toBe(true);
});
