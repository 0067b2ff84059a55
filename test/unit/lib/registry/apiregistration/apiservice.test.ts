import { expect, test } from "vitest";
import type { APIService } from "../../../../../lib/openapi/types/apiregistration-v1.ts";
import { apiServiceStrategy as strategy } from "../../../../../lib/registry/apiregistration/apiservice.ts";
import { created, now, problems, updated } from "../objects.ts";

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

const spec = { group: "g.test", version: "v1", groupPriorityMinimum: 1, versionPriority: 1 };
const service = { namespace: "d", name: "s" };

test.each<{ name: string; object: { metadata?: object; spec?: object }; want: unknown[] }>([
  { name: "the server's own", object: {}, want: [] },
  { name: "another's", object: { spec: { service, insecureSkipTLSVerify: true } }, want: [] },
  {
    name: "with another name",
    object: { metadata: { name: "v2.g.test" } },
    want: ['metadata.name: Invalid value: "v2.g.test": must be `spec.version+"."+spec.group`: "v1.g.test"'],
  },
  {
    name: "of no group, but v1 may",
    object: { metadata: { name: "v2." }, spec: { group: "", version: "v2" } },
    want: ["spec.group: Required value: only v1 may have an empty group and it better be legacy kube"],
  },
  { name: "of the oldest group", object: { metadata: { name: "v1." }, spec: { group: "" } }, want: [] },
  {
    name: "of malformed names",
    object: { metadata: { name: "1.g_" }, spec: { group: "g_", version: "1" } },
    want: [expect.stringContaining('spec.group: Invalid value: "g_"'), expect.stringContaining("spec.version")],
  },
  {
    name: "with priorities out of range",
    object: { spec: { groupPriorityMinimum: 20_001, versionPriority: 0 } },
    want: [
      "spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000",
      "spec.versionPriority: Invalid value: 0: must be positive and less than 1000",
    ],
  },
  {
    name: "the server's own that trusts",
    object: { spec: { caBundle: "YWJj", insecureSkipTLSVerify: true } },
    want: [
      'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
      "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
    ],
  },
  {
    name: "another's that says both",
    object: { spec: { service: { namespace: "", name: "" }, caBundle: "YWJj", insecureSkipTLSVerify: true } },
    want: [
      "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
      "spec.service.name: Required value",
      "spec.service.namespace: Required value",
    ],
  },
])("$name", async ({ object, want }) => {
  const given = { metadata: { name: "v1.g.test" }, ...object, spec: { ...spec, ...object.spec } };
  expect(await problems("apiregistration.v1.APIService", strategy, given)).toEqual(want);
});

test("a status says True, False or Unknown", async () => {
  const old = created<APIService>("apiregistration.v1.APIService", strategy, { metadata: { name: "v1.g.test" }, spec });
  const change = (one: APIService) => {
    one.status = { conditions: [{ type: "Available", status: "Maybe" }] };
  };
  const { problems: found } = await updated(
    "apiregistration.v1.APIService",
    strategy,
    old as never,
    change as never,
    "status",
  );
  expect(found).toEqual([
    'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
  ]);
});
