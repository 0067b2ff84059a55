import { expect, test } from "vitest";
import type { ResourceClaim, ResourceSlice } from "../../../../../lib/openapi/types/resource-v1.ts";
import {
  deviceClassStrategy,
  resourceClaimStrategy,
  resourceClaimTemplateStrategy,
  resourceSliceStrategy,
} from "../../../../../lib/registry/resource/resource.ts";
import { created, now, updated } from "../objects.ts";

const definition = "resource.v1.ResourceClaim";
const spec = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "c" } }] } };

test("a request is for one device, and a claim keeps its spec", async () => {
  const old = created<ResourceClaim>(definition, resourceClaimStrategy, {
    metadata: { name: "a", namespace: "d" },
    spec,
  });
  expect(old.spec.devices?.requests?.[0].exactly).toMatchObject({ allocationMode: "ExactCount", count: 1 });
  const change = await updated(
    definition,
    resourceClaimStrategy,
    old as never,
    ((one: ResourceClaim) => Object.assign(one, { spec: {} })) as never,
  );
  expect(change.problems[0]).toContain("field is immutable");
  const template = { metadata: { name: "a", namespace: "d" }, spec: { spec } };
  expect(created("resource.v1.ResourceClaimTemplate", resourceClaimTemplateStrategy, template)).toMatchObject({
    spec: { spec: { devices: { requests: [{ exactly: { count: 1 } }] } } },
  });
});

test.each([
  { name: "waits", status: {}, want: "pending" },
  { name: "is allocated and used", status: { allocation: {}, reservedFor: [{}] }, want: "allocated,reserved" },
])("a claim that $name", ({ status, want }) => {
  expect(resourceClaimStrategy.cells?.({ metadata: { name: "a" }, status } as never, { now })).toEqual([
    "a",
    want,
    "<unknown>",
  ]);
});

test("a slice is selected and shown by its node and driver", () => {
  const slice = { metadata: { name: "a" }, spec: { nodeName: "n", driver: "d", pool: { name: "p" } } } as ResourceSlice;
  expect(resourceSliceStrategy.selectableFields?.(slice)).toEqual({ "spec.nodeName": "n", "spec.driver": "d" });
  expect(resourceSliceStrategy.cells?.(slice, { now })).toEqual(["a", "n", "d", "p", "<unknown>"]);
});

test("a class counts its changes", () => {
  const old = { metadata: { generation: 1 }, spec: {} };
  const next = { metadata: { generation: 1 }, spec: { selectors: [{}] } };
  deviceClassStrategy.prepareForUpdate?.(next as never, old as never, undefined as never);
  expect(next.metadata.generation).toBe(2);
});
