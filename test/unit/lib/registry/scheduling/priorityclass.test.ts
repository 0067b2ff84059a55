import { expect, test } from "vitest";
import type { PriorityClass } from "../../../../../lib/openapi/types/scheduling-v1.ts";
import { priorityClassStrategy as strategy } from "../../../../../lib/registry/scheduling/priorityclass.ts";
import { created, now, problems, updated } from "../objects.ts";

const definition = "scheduling.v1.PriorityClass";

test.each([
  { name: "a plain one", object: { metadata: { name: "a" }, value: 5 }, want: [] },
  {
    name: "too high",
    object: { metadata: { name: "a" }, value: 1_000_000_001 },
    want: ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
  },
  { name: "the system's", object: { metadata: { name: "system-node-critical" }, value: 2_000_001_000 }, want: [] },
  {
    name: "the system's with another value",
    object: { metadata: { name: "system-node-critical" }, value: 1 },
    want: [
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: value of system-node-critical PriorityClass must be 2000001000",
    ],
  },
  {
    name: "an unknown policy",
    object: { metadata: { name: "a" }, value: 5, preemptionPolicy: "Odd" },
    want: ['preemptionPolicy: Unsupported value: "Odd": supported values: "PreemptLowerPriority", "Never"'],
  },
])("$name", async ({ object, want }) => {
  expect(await problems(definition, strategy, object)).toEqual(want);
});

test("the system's are not deleted", () => {
  const text = "is forbidden: this is a system priority class and cannot be deleted";
  expect(() => strategy.checkDelete?.("system-node-critical")).toThrow(text);
  expect(() => strategy.checkDelete?.("mine")).not.toThrow();
});

test("the value stays", async () => {
  const old = created<PriorityClass>(definition, strategy, { metadata: { name: "a" }, value: 5 });
  const { problems: found } = await updated(
    definition,
    strategy,
    old as never,
    ((one: PriorityClass) => Object.assign(one, { value: 6 })) as never,
  );
  expect(found).toEqual(["value: Forbidden: may not be changed in an update."]);
  expect(strategy.cells?.(old, { now })).toEqual(["a", 5, false, "<unknown>", "PreemptLowerPriority"]);
});
