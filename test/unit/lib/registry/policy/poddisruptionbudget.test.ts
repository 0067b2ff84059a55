import { expect, test } from "vitest";
import type { PodDisruptionBudget } from "../../../../../lib/openapi/types/policy-v1.ts";
import { podDisruptionBudgetStrategy as strategy } from "../../../../../lib/registry/policy/poddisruptionbudget.ts";
import { created, now, problems, updated } from "../objects.ts";

const definition = "policy.v1.PodDisruptionBudget";
const budget = (spec: object) => ({ metadata: { name: "a", namespace: "d" }, spec });

test.each([
  { name: "a count", spec: { minAvailable: 1 }, want: [] },
  {
    name: "both bounds",
    spec: { minAvailable: 1, maxUnavailable: "1%" },
    want: [
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"1%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  },
  {
    name: "more than all",
    spec: { maxUnavailable: "101%" },
    want: ['spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
  },
  {
    name: "an unknown policy",
    spec: { unhealthyPodEvictionPolicy: "Odd" },
    want: [
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Odd": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  },
])("a budget of $name", async ({ spec, want }) => {
  expect(await problems(definition, strategy, budget(spec))).toEqual(want);
});

test("the status is apart and not below zero", async () => {
  const old = created<PodDisruptionBudget>(definition, strategy, budget({ minAvailable: 1 }));
  const change = await updated(
    definition,
    strategy,
    old as never,
    ((one: PodDisruptionBudget) => {
      one.spec = { minAvailable: 2 };
      if (one.status) one.status.expectedPods = -1;
    }) as never,
    "status",
  );
  expect(change.problems).toEqual(["status.expectedPods: Invalid value: -1: must be greater than or equal to 0"]);
  expect((change.object as unknown as PodDisruptionBudget).spec?.minAvailable).toBe(1);
  expect(strategy.cells?.(old, { now })).toEqual(["a", "1", "N/A", 0, "<unknown>"]);
});
