import { expect, test } from "vitest";
import { apiServiceStrategy as strategy } from "../../../../../lib/registry/apiregistration/apiservice.ts";
import { now } from "../objects.ts";

test.each([
  {
    name: "the server's own",
    object: { status: { conditions: [{ type: "Available", status: "True" }] } },
    want: ["a", "Local", "True", "<unknown>"],
  },
  {
    name: "another's that is away",
    object: {
      spec: { service: { namespace: "d", name: "s" } },
      status: { conditions: [{ type: "Available", status: "False", reason: "Away" }] },
    },
    want: ["a", "d/s", "False (Away)", "<unknown>"],
  },
  { name: "one nobody has asked", object: {}, want: ["a", "Local", "Unknown", "<unknown>"] },
])("the row of $name", ({ object, want }) => {
  expect(strategy.cells?.({ metadata: { name: "a" }, ...object } as never, { now })).toEqual(want);
});
