/** Claims, their templates and classes. */
import { describe, expect, test } from "vitest";
import type { ResourceClaim, ResourceClaimTemplate } from "../../../../../lib/openapi/types/resource-v1.ts";
import {
  deviceClassStrategy,
  resourceClaimStrategy,
  resourceClaimTemplateStrategy,
} from "../../../../../lib/registry/resource/resource.ts";
import { context, created, problems, updated } from "../objects.ts";

const definition = "resource.v1.ResourceClaim";
const metadata = { name: "a", namespace: "d" };
const exactly = { deviceClassName: "c" };
const request = { name: "r", exactly };
const at = "spec.devices.requests[0]";
const label = expect.stringContaining("a lowercase RFC 1123 label");
const refText = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

interface Case {
  readonly name: string;
  readonly devices: object;
  readonly want: unknown[];
}

const claims: Case[] = [
  { name: "nothing", devices: { requests: null }, want: [] },
  { name: "a device", devices: { requests: [request] }, want: [] },
  {
    name: "no class",
    devices: { requests: [{ name: "r", exactly: { deviceClassName: "" } }] },
    want: [`${at}.exactly.deviceClassName: Required value`],
  },
  {
    name: "neither way to ask",
    devices: { requests: [{ name: "r" }] },
    want: [`${at}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
  },
  {
    name: "both ways to ask",
    devices: { requests: [{ ...request, firstAvailable: [{ name: "s", deviceClassName: "c" }] }] },
    want: [
      `${at}: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
    ],
  },
  {
    name: "alternatives that are malformed, and one twice",
    devices: {
      requests: [
        {
          name: "r",
          firstAvailable: [
            { name: "s", deviceClassName: "c" },
            { name: "s", deviceClassName: "" },
          ],
        },
      ],
    },
    want: [`${at}.firstAvailable[1].deviceClassName: Required value`, `${at}.firstAvailable[1]: Duplicate value: "s"`],
  },
  { name: "a name that is no label", devices: { requests: [{ ...request, name: "A_b" }] }, want: [label] },
  {
    name: "a name twice",
    devices: { requests: [request, request] },
    want: ['spec.devices.requests[1]: Duplicate value: "r"'],
  },
  {
    name: "too many",
    devices: { requests: Array.from({ length: 33 }, () => request) },
    want: ["spec.devices.requests: Too many: 33: must have at most 32 items"],
  },
  {
    name: "modes and counts that do not fit",
    devices: {
      requests: [
        { name: "r", exactly: { ...exactly, allocationMode: "All", count: 2 } },
        { name: "s", exactly: { ...exactly, allocationMode: "Some" } },
        { name: "t", exactly: { ...exactly, count: -1 } },
      ],
    },
    want: [
      `${at}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
      'spec.devices.requests[1].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"',
      "spec.devices.requests[2].exactly.count: Invalid value: -1: must be greater than zero",
    ],
  },
  {
    name: "selectors without an expression, and with one that is too long",
    devices: {
      requests: [{ name: "r", exactly: { ...exactly, selectors: [{}, { cel: { expression: "x".repeat(10_241) } }] } }],
    },
    want: [
      `${at}.exactly.selectors[0].cel: Required value`,
      `${at}.exactly.selectors[1].cel.expression: Too long: may not be more than 10240 bytes`,
    ],
  },
  {
    name: "tolerations",
    devices: {
      requests: [
        {
          name: "r",
          exactly: {
            ...exactly,
            tolerations: [
              { key: "a b", operator: "Exists", value: "v" },
              { key: "a", operator: "Odd", effect: "Odd" },
              { key: "a", operator: "Equal", value: "a b" },
            ],
          },
        },
      ],
    },
    want: [
      expect.stringContaining(`${at}.exactly.tolerations[0].key: Invalid value: "a b": name part must consist`),
      `${at}.exactly.tolerations[0].value: Invalid value: "v": must be empty for operator \`Exists\``,
      `${at}.exactly.tolerations[1].effect: Unsupported value: "Odd": supported values: "NoExecute", "NoSchedule", "None"`,
      `${at}.exactly.tolerations[1].operator: Unsupported value: "Odd": supported values: "Equal", "Exists"`,
      expect.stringContaining(`${at}.exactly.tolerations[2].value: Invalid value: "a b": a valid label`),
    ],
  },
  {
    name: "constraints",
    devices: {
      requests: [request],
      constraints: [
        { requests: ["r"], matchAttribute: "d.test/x" },
        { requests: ["other", "r/s/t"] },
        { distinctAttribute: "x" },
        { matchAttribute: "/" },
        { matchAttribute: "a/b/c" },
        { matchAttribute: `d.test/${"x".repeat(33)}` },
      ],
    },
    want: [
      `spec.devices.constraints[1].requests[0]: Invalid value: "other": ${refText}`,
      `spec.devices.constraints[1].requests[1]: Invalid value: "r/s/t": ${refText}`,
      'spec.devices.constraints[1]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
      'spec.devices.constraints[2].distinctAttribute: Invalid value: "x": a fully qualified name must be a domain and a name separated by a slash',
      'spec.devices.constraints[3].matchAttribute: Invalid value: "": the domain must not be empty',
      'spec.devices.constraints[3].matchAttribute: Invalid value: "": the name must not be empty',
      'spec.devices.constraints[4].matchAttribute: Invalid value: "a/b/c": must not contain more than one slash',
      "spec.devices.constraints[5].matchAttribute: Too long: may not be more than 32 bytes",
    ],
  },
  {
    name: "configurations",
    devices: {
      requests: [{ name: "r", firstAvailable: [{ name: "s", deviceClassName: "c" }] }],
      config: [
        { requests: ["r/s"], opaque: { driver: "d.test", parameters: { a: 1 } } },
        { requests: ["r/t", "r/t"], opaque: { driver: "", parameters: [1] } },
        {},
        { opaque: { driver: "d.test", parameters: { a: "x".repeat(10_240) } } },
      ],
    },
    want: [
      "spec.devices.config[1].opaque.driver: Required value",
      "spec.devices.config[1].opaque.parameters: Invalid value: must be a valid JSON object",
      `spec.devices.config[1].requests[0]: Invalid value: "r/t": ${refText}`,
      `spec.devices.config[1].requests[1]: Duplicate value: "r/t"`,
      `spec.devices.config[1].requests[1]: Invalid value: "r/t": ${refText}`,
      "spec.devices.config[2].opaque: Required value",
      "spec.devices.config[3].opaque.parameters: Too long: may not be more than 10240 bytes",
    ],
  },
];

describe("a claim of", () => {
  test.each(claims)("$name", async ({ devices, want }) => {
    expect(await problems(definition, resourceClaimStrategy, { metadata, spec: { devices } })).toEqual(want);
  });
});

describe("devices that others use", () => {
  const admin = { devices: { requests: [request, { name: "s", exactly: { ...exactly, adminAccess: true } }] } };
  const refusal =
    "spec.devices.requests[1].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace";

  async function within(labels: Record<string, string> | undefined) {
    const made = context();
    if (labels) {
      const namespace = { metadata: { name: "d", labels } };
      await made.objects.create({ group: "", version: "v1", resource: "namespaces" }, namespace);
    }
    return made;
  }

  test.each<{ name: string; labels: Record<string, string> | undefined; want: unknown[] }>([
    { name: "a namespace that may", labels: { "resource.kubernetes.io/admin-access": "true" }, want: [] },
    { name: "a namespace that may not", labels: {}, want: [refusal] },
    {
      name: "no namespace",
      labels: undefined,
      want: [expect.stringContaining("could not retrieve namespace to verify admin access")],
    },
  ])("$name", async ({ labels, want }) => {
    const made = await within(labels);
    expect(await problems(definition, resourceClaimStrategy, { metadata, spec: admin }, made)).toEqual(want);
    const template = { metadata, spec: { spec: admin } };
    const found = await problems("resource.v1.ResourceClaimTemplate", resourceClaimTemplateStrategy, template, made);
    expect(found).toEqual(want);
  });

  test("are allocated only there", async () => {
    const old = created<ResourceClaim>(definition, resourceClaimStrategy, { metadata, spec: admin });
    const change = (one: ResourceClaim) => {
      const result = { request: "s", driver: "d.test", pool: "p", device: "x", adminAccess: true };
      one.status = { allocation: { devices: { results: [result] } } };
    };
    const made = await within({});
    const first = await updated(definition, resourceClaimStrategy, old as never, change as never, "status", made);
    expect(first.problems).toEqual([
      "status.allocation.devices.results[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace",
    ]);
    change(old);
    const again = await updated(definition, resourceClaimStrategy, old as never, (() => {}) as never, "status", made);
    expect(again.problems).toEqual([]);
  });
});

test("specs stay, and messages show them as Go has them", async () => {
  const claim = created<ResourceClaim>(definition, resourceClaimStrategy, {
    metadata,
    spec: { devices: { requests: [request] } },
  });
  const rename = ({ spec }: ResourceClaim) => {
    spec.devices = {
      requests: [{ name: "x", exactly: { deviceClassName: "c", selectors: [{ cel: { expression: "true" } }] } }],
    };
  };
  const found = await updated(definition, resourceClaimStrategy, claim as never, rename as never);
  expect(found.problems).toEqual([
    'spec: Invalid value: {"Devices":{"Requests":[{"Name":"x","Exactly":{"DeviceClassName":"c","Selectors":[{"CEL":{"Expression":"true"}}],"AllocationMode":"ExactCount","Count":1,"AdminAccess":null,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}: field is immutable',
  ]);
  const name = "resource.v1.ResourceClaimTemplate";
  const template = created<ResourceClaimTemplate>(name, resourceClaimTemplateStrategy, {
    metadata,
    spec: { metadata: { labels: { a: "b" } }, spec: {} },
  });
  const relabel = ({ spec }: ResourceClaimTemplate) => {
    spec.metadata = { labels: { a: "c" } };
  };
  const other = await updated(name, resourceClaimTemplateStrategy, template as never, relabel as never);
  expect(other.problems).toEqual([
    'spec: Invalid value: {"labels":{"a":"c"},"Spec":{"Devices":{"Requests":null,"Constraints":null,"Config":null}}}: field is immutable',
  ]);
});

test("a template's labels and annotations are checked", async () => {
  const template = { metadata, spec: { metadata: { labels: { "a b": "c" }, annotations: { "a b": "" } }, spec: {} } };
  const found = await problems("resource.v1.ResourceClaimTemplate", resourceClaimTemplateStrategy, template);
  expect(found).toEqual([
    expect.stringContaining("spec.metadata.annotations: Invalid value"),
    expect.stringContaining("spec.metadata.labels: Invalid value"),
  ]);
});

test("a class: selectors, configurations, the name that pods may ask for", async () => {
  const spec = { selectors: [{}], config: [{}], extendedResourceName: "cpu" };
  const definition = "resource.v1.DeviceClass";
  expect(await problems(definition, deviceClassStrategy, { metadata: { name: "a" }, spec })).toEqual([
    "spec.config[0].opaque: Required value",
    'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    "spec.selectors[0].cel: Required value",
  ]);
  // What is stored may be longer than what is new.
  const parameters = { a: "x".repeat(10_240) };
  const old = {
    metadata: { name: "a", generation: 1 },
    spec: { config: [{ opaque: { driver: "d.test", parameters } }] },
  };
  expect((await updated(definition, deviceClassStrategy, old as never, (() => {}) as never)).problems).toEqual([]);
});
