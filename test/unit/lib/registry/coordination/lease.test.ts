import { expect, test } from "vitest";
import type { Lease } from "../../../../../lib/openapi/types/coordination-v1.ts";
import { leaseStrategy as strategy } from "../../../../../lib/registry/coordination/lease.ts";
import { created, now, problems } from "../objects.ts";

const definition = "coordination.v1.Lease";
const lease = (spec: object) => ({ metadata: { name: "a", namespace: "d" }, spec });

test("a lease lasts a while and was not passed on less than never", async () => {
  expect(await problems(definition, strategy, lease({ leaseDurationSeconds: 0, leaseTransitions: -1 }))).toEqual([
    "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
  ]);
});

test("coordinated election is off: its fields are dropped", () => {
  const made = created<Lease>(
    definition,
    strategy,
    lease({ holderIdentity: "h", preferredHolder: "p", strategy: "s" }),
  );
  expect(made.spec).toEqual({ holderIdentity: "h" });
});

test("a lease can be made by a PUT, which must name the version that it replaces", () => {
  expect([strategy.allowCreateOnUpdate, strategy.allowUnconditionalUpdate]).toEqual([true, false]);
  const one = { ...lease({ holderIdentity: "h" }), metadata: { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" } };
  expect(strategy.cells?.(one as never, { now })).toEqual(["a", "h", "0s"]);
});
