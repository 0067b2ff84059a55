import { expect, test } from "vitest";
import type { FlowSchema, PriorityLevelConfiguration } from "../../../../../lib/openapi/types/flowcontrol-v1.ts";
import {
  flowSchemaStrategy,
  priorityLevelConfigurationStrategy,
} from "../../../../../lib/registry/flowcontrol/flowcontrol.ts";
import { created, now } from "../objects.ts";

test("a schema comes after most others, and may refer to no level", () => {
  const spec = { priorityLevelConfiguration: { name: "l" } };
  const made = created<FlowSchema>("flowcontrol.v1.FlowSchema", flowSchemaStrategy, { metadata: { name: "a" }, spec });
  made.status = { conditions: [{ type: "Dangling", status: "True" }] };
  expect(flowSchemaStrategy.cells?.(made, { now })).toEqual(["a", "l", 1000, "<none>", "<unknown>", "True"]);
});

test("a level's queues are defaulted where it queues", () => {
  const spec = { type: "Limited", limited: { limitResponse: { type: "Queue", queuing: {} } } };
  const made = created<PriorityLevelConfiguration>(
    "flowcontrol.v1.PriorityLevelConfiguration",
    priorityLevelConfigurationStrategy,
    { metadata: { name: "a" }, spec },
  );
  expect(priorityLevelConfigurationStrategy.cells?.(made, { now })).toEqual([
    "a",
    "Limited",
    30,
    64,
    8,
    50,
    "<unknown>",
  ]);
  const exempt = created<PriorityLevelConfiguration>(
    "flowcontrol.v1.PriorityLevelConfiguration",
    priorityLevelConfigurationStrategy,
    { metadata: { name: "a" }, spec: { type: "Exempt", exempt: {} } },
  );
  expect(exempt.spec?.exempt).toEqual({ nominalConcurrencyShares: 0, lendablePercent: 0 });
});
