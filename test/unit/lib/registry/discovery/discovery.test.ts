import { describe, expect, test } from "vitest";
import type { AnyObject } from "../../../../../lib/apimachinery/meta.ts";
import type { EndpointSlice } from "../../../../../lib/openapi/types/discovery-v1.ts";
import { endpointSliceStrategy as strategy } from "../../../../../lib/registry/discovery/endpointslice.ts";
import { created, now, problems, updated } from "../objects.ts";

const definition = "discovery.v1.EndpointSlice";
const slice = (more: object = {}) => ({
  metadata: { name: "a", namespace: "d" },
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.1.0.1"] }],
  ports: [{ name: "http", port: 80 }],
  ...more,
});

describe("a slice", () => {
  test.each([
    { name: "a plain one", more: {}, want: [] },
    { name: "of no type", more: { addressType: "" }, want: ["addressType: Required value"] },
    {
      name: "of the other family",
      more: { endpoints: [{ addresses: ["fd00::1"] }] },
      want: ['endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address'],
    },
    {
      name: "without addresses",
      more: { endpoints: [{ addresses: [] }] },
      want: ["endpoints[0].addresses: Required value: must contain at least 1 address"],
    },
    {
      name: "with a port's name twice",
      more: { ports: [{ name: "p" }, { name: "p" }] },
      want: ['ports[1].name: Duplicate value: "p"'],
    },
    {
      name: "with too many hints",
      more: { endpoints: [{ addresses: ["10.1.0.1"], hints: { forZones: Array(9).fill({ name: "z" }) } }] },
      want: ["endpoints[0].hints.forZones: Too many: 9: must have at most 8 items"],
    },
    {
      name: "of a name without a domain",
      more: { addressType: "FQDN", endpoints: [{ addresses: ["host"] }] },
      want: [
        'endpoints[0].addresses[0]: Invalid value: "host": should be a domain with at least two segments separated by dots',
      ],
    },
  ])("$name", async ({ more, want }) => {
    expect(await problems(definition, strategy, slice(more))).toEqual(want);
  });

  test("counts changes of its content and labels, not of annotations", async () => {
    const old = created<EndpointSlice>(definition, strategy, slice());
    expect([old.metadata.generation, old.ports?.[0].protocol]).toEqual([1, "TCP"]);
    const change = async (edit: (one: EndpointSlice) => void) =>
      (await updated<AnyObject>(definition, strategy, old as never, edit as never)).object.metadata.generation;
    expect(await change((one) => Object.assign(one.metadata, { annotations: { a: "b" } }))).toBe(1);
    expect(await change((one) => Object.assign(one.metadata, { labels: { a: "b" } }))).toBe(2);
    expect(await change((one) => Object.assign(one.endpoints?.[0] ?? {}, { addresses: ["10.1.0.2"] }))).toBe(2);
  });

  test("keeps its type, and drops the topology of old", async () => {
    const old = created<EndpointSlice>(
      definition,
      strategy,
      slice({ endpoints: [{ addresses: ["10.1.0.1"], deprecatedTopology: { a: "b" } }] }),
    );
    expect(old.endpoints?.[0].deprecatedTopology).toBeUndefined();
    const { problems: found } = await updated(
      definition,
      strategy,
      old as never,
      ((one: EndpointSlice) =>
        Object.assign(one, { addressType: "IPv6", endpoints: [{ addresses: ["fd00::1"] }] })) as never,
    );
    expect(found).toEqual(['addressType: Invalid value: "IPv6": field is immutable']);
  });

  test("is shown with its first addresses and ports", () => {
    const one = {
      metadata: { name: "a", creationTimestamp: "2026-01-01T00:00:00Z" },
      addressType: "IPv4",
      ports: [{ name: "" }, { port: 1 }, { port: 2 }, { port: 3 }],
      endpoints: [{ addresses: ["1", "2", "3", "4"] }],
    };
    expect(strategy.cells?.(one as never, { now })).toEqual([
      "a",
      "IPv4",
      ",1,2 + 1 more...",
      "1,2,3 + 1 more...",
      "0s",
    ]);
    expect(strategy.cells?.({ ...one, ports: null, endpoints: [] } as never, { now })?.slice(2, 4)).toEqual([
      "<unset>",
      "<unset>",
    ]);
  });
});
