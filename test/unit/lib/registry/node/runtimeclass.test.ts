import { expect, test } from "vitest";
import type { RuntimeClass } from "../../../../../lib/openapi/types/node-v1.ts";
import { runtimeClassStrategy as strategy } from "../../../../../lib/registry/node/runtimeclass.ts";
import { created, now, problems, updated } from "../objects.ts";

const definition = "node.v1.RuntimeClass";

test.each([
  { name: "a plain one", object: { handler: "runc" }, want: [] },
  { name: "no handler", object: {}, want: ["handler: Required value"] },
  {
    name: "an overhead below zero",
    object: { handler: "runc", overhead: { podFixed: { cpu: "-1" } } },
    want: ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
  },
  {
    name: "tolerations that are malformed, and one twice",
    object: {
      handler: "runc",
      scheduling: {
        tolerations: [
          { operator: "Equal", value: "v" },
          { key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 },
          { key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 2 },
        ],
      },
    },
    want: [
      'scheduling.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'scheduling.tolerations[2]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":2}',
    ],
  },
])("$name", async ({ object, want }) => {
  expect(await problems(definition, strategy, { metadata: { name: "a" }, ...object })).toEqual(want);
});

test("the handler stays", async () => {
  const old = created<RuntimeClass>(definition, strategy, { metadata: { name: "a" }, handler: "runc" });
  const { problems: found } = await updated(
    definition,
    strategy,
    old as never,
    ((one: RuntimeClass) => Object.assign(one, { handler: "x" })) as never,
  );
  expect(found).toEqual(['handler: Invalid value: "x": field is immutable']);
  expect(strategy.cells?.(old, { now })).toEqual(["a", "runc", "<unknown>"]);
});
