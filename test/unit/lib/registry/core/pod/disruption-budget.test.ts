import { describe, expect, test } from "vitest";
import { StatusError } from "../../../../../../lib/apimachinery/errors.ts";
import type { Pod } from "../../../../../../lib/openapi/types/core-v1.ts";
import type { PodDisruptionBudget } from "../../../../../../lib/openapi/types/policy-v1.ts";
import { budgetsOf, takeDisruption } from "../../../../../../lib/registry/core/pod/disruption-budget.ts";
import { now } from "../../objects.ts";

const budget = (status: object, spec: object = {}) =>
  ({
    metadata: { name: "b", generation: 1 },
    spec,
    status: { observedGeneration: 1, ...status },
  }) as unknown as PodDisruptionBudget;

function refusal(status: object): { code: number; cause?: string; message: string } {
  try {
    takeDisruption(budget(status), "p", now);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { code: error.code, cause: error.status.details?.causes?.[0].message, message: error.message };
  }
  throw new Error("it was allowed");
}

const condition = (reason: string) => [{ type: "DisruptionAllowed", status: "False", reason, message: "why" }];
const more = { currentHealthy: 3, desiredHealthy: 2 };

describe("refusals", () => {
  const cases = [
    {
      name: "not looked at since it changed",
      status: { observedGeneration: 0, disruptionsAllowed: 1 },
      want: { code: 429, cause: "The disruption budget b is still being processed by the server." },
    },
    {
      name: "too few healthy pods",
      status: { currentHealthy: 1, desiredHealthy: 2 },
      want: { code: 429, cause: "The disruption budget b needs 2 healthy pods and has 1 currently" },
    },
    {
      name: "the controller failed",
      status: { ...more, conditions: condition("SyncFailed") },
      want: {
        code: 429,
        cause: "The disruption budget b does not allow evicting pods currently because it failed sync: why",
      },
    },
    {
      name: "the controller says why",
      status: { ...more, conditions: condition("InsufficientPods") },
      want: {
        code: 429,
        cause: "The disruption budget b does not allow evicting pods currently (InsufficientPods): why",
      },
    },
    {
      name: "nobody says why",
      status: more,
      want: { code: 429, cause: "The disruption budget b does not allow evicting pods currently" },
    },
    {
      name: "a negative count",
      status: { disruptionsAllowed: -1 },
      want: { code: 403, message: expect.stringContaining("pdb disruptions allowed is negative") },
    },
    {
      name: "too many that have not gone yet",
      status: {
        disruptionsAllowed: 1,
        disruptedPods: Object.fromEntries(Array.from({ length: 2001 }, (_, index) => [`p${index}`, ""])),
      },
      want: { code: 403, message: expect.stringContaining("DisruptedPods map too big") },
    },
  ];
  test.each(cases)("$name", ({ status, want }) => expect(refusal(status)).toMatchObject(want));
});

test("a taken disruption is noted with its time", () => {
  const given = budget({ disruptionsAllowed: 2 });
  takeDisruption(given, "p", now);
  expect(given.status).toMatchObject({ disruptionsAllowed: 1, disruptedPods: { p: "2026-01-01T00:00:00Z" } });
});

test("budgets of a pod", () => {
  const pod = { metadata: { name: "p", labels: { a: "b" } } } as unknown as Pod;
  const all = [
    budget({}, { selector: { matchLabels: { a: "b" } } }),
    budget({}, { selector: {} }),
    budget({}, {}),
    budget({}, { selector: { matchLabels: { a: "c" } } }),
    budget({}, { selector: { matchExpressions: [{ key: "a", operator: "Odd" }] } }),
  ];
  expect(budgetsOf(pod, all)).toEqual(all.slice(0, 2));
});
