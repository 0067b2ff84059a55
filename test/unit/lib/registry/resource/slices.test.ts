import { describe, expect, test } from "vitest";
import type { ResourceSlice } from "../../../../../lib/openapi/types/resource-v1.ts";
import { resourceSliceStrategy as strategy } from "../../../../../lib/registry/resource/resource.ts";
import { created, problems, updated } from "../objects.ts";

const definition = "resource.v1.ResourceSlice";
const metadata = { name: "a" };
const pool = { name: "p", generation: 1, resourceSliceCount: 1 };
const one = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
const when = "`perDeviceNodeSelection` is set to true in the ResourceSlice spec";
const at = "spec.devices[0]";
const term = { matchExpressions: [{ key: "a", operator: "Exists" }] };

const slices: { name: string; spec: object; want: unknown[] }[] = [
  { name: "a plain one", spec: {}, want: [] },
  {
    name: "one of nobody",
    spec: { driver: "", pool: { name: "", generation: -1, resourceSliceCount: 0 } },
    want: [
      "spec.driver: Required value",
      "spec.pool.generation: Invalid value: -1: must be greater than or equal to zero",
      "spec.pool.name: Required value",
      "spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero",
    ],
  },
  {
    name: "a pool whose parts are no names",
    spec: { pool: { ...pool, name: "a//B" } },
    want: [expect.stringContaining('spec.pool.name: Invalid value: ""'), expect.stringContaining('"B"')],
  },
  { name: "no place", spec: { nodeName: undefined }, want: [`spec: Required value: ${one}`] },
  {
    name: "two places",
    spec: { allNodes: true },
    want: [`spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${one}, but multiple fields are set`],
  },
  {
    name: "places that are said not to be",
    spec: { nodeName: "", allNodes: false, perDeviceNodeSelection: false },
    want: [
      "spec.allNodes: Invalid value: false: must be either unset or set to true",
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      "spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true",
      `spec: Required value: ${one}`,
    ],
  },
  {
    name: "two terms",
    spec: { nodeName: undefined, nodeSelector: { nodeSelectorTerms: [term, term] } },
    want: [
      expect.stringMatching(/^spec\.nodeSelector\.nodeSelectorTerms: .*must have exactly one node selector term$/),
    ],
  },
  {
    name: "counters and devices",
    spec: { devices: [{ name: "d" }], sharedCounters: [{ name: "", counters: {} }] },
    want: [
      "spec.sharedCounters[0].counters: Required value",
      "spec.sharedCounters[0].name: Required value",
      'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
    ],
  },
  {
    name: "counters that are no labels",
    spec: { sharedCounters: [{ name: "A", counters: { B: { value: "1" } } }] },
    want: [
      expect.stringContaining('spec.sharedCounters[0].counters: Invalid value: "B"'),
      expect.stringContaining('spec.sharedCounters[0].name: Invalid value: "A"'),
    ],
  },
  {
    name: "too many devices that take from counters",
    spec: {
      devices: Array.from({ length: 65 }, (_, index) => ({
        name: `d${index}`,
        consumesCounters: [{ counterSet: "s", counters: { c: { value: "1" } } }],
      })),
    },
    want: ["spec.devices: Too many: 65: must have at most 64 items"],
  },
];

const devices: { name: string; device: object; spec?: object; want: unknown[] }[] = [
  {
    name: "attributes",
    device: {
      attributes: {
        good: { version: "1.2.3-a.1+b" },
        none: {},
        two: { int: 1, bool: true },
        bad: { version: "one" },
        long: { string: "x".repeat(65) },
        "a/b/c": { int: 1 },
      },
    },
    want: [
      `${at}.attributes: Invalid value: "a/b/c": must not contain more than one slash`,
      `${at}.attributes[bad].version: Invalid value: "one": must be a string compatible with semver.org spec 2.0.0`,
      `${at}.attributes[long].string: Too long: may not be more than 64 bytes`,
      `${at}.attributes[none]: Invalid value: "": exactly one value must be specified`,
      `${at}.attributes[two]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,"VersionValue":null,"IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: exactly one value must be specified`,
    ],
  },
  {
    name: "too many attributes",
    device: { attributes: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`a${index}`, { int: 1 }])) },
    want: [`${at}: Invalid value: 33: the total number of attributes and capacities must not exceed 32`],
  },
  {
    name: "taints",
    device: {
      taints: [
        { key: "a", value: "v", effect: "NoSchedule" },
        { key: "", effect: "" },
        { key: "a", effect: "Odd" },
      ],
    },
    want: [
      `${at}.taints[1].effect: Required value`,
      `${at}.taints[1].key: Invalid value: "": name part must be non-empty`,
      expect.stringContaining(`${at}.taints[1].key: Invalid value: "": name part must consist`),
      `${at}.taints[2].effect: Unsupported value: "Odd": supported values: "NoExecute", "NoSchedule", "None"`,
    ],
  },
  {
    name: "counters of no set, and of one set twice",
    device: {
      consumesCounters: [
        { counterSet: "s", counters: { c: { value: "1" } } },
        { counterSet: "s", counters: {} },
      ],
    },
    want: [`${at}.consumesCounters[1].counters: Required value`, `${at}.consumesCounters[1]: Duplicate value: "s"`],
  },
  {
    name: "a place of its own where the slice has one",
    device: { nodeName: "n" },
    want: [`${at}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if ${when}`],
  },
  {
    name: "no place of its own where it needs one",
    device: {},
    spec: { nodeName: undefined, perDeviceNodeSelection: true },
    want: [
      `${at}: Required value: exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` is required when ${when}`,
    ],
  },
  {
    name: "two places of its own",
    device: { nodeSelector: { nodeSelectorTerms: [term] }, allNodes: true },
    spec: { nodeName: undefined, perDeviceNodeSelection: true },
    want: [
      `${at}: Invalid value: "{\`nodeSelector\`, \`allNodes\`}": exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` is required when ${when}`,
    ],
  },
  {
    name: "parts of what only one may have",
    device: { capacity: { c: { value: "10", requestPolicy: {} } } },
    want: [`${at}.capacity[c].requestPolicy: Forbidden: allowMultipleAllocations must be true`],
  },
];

const policy = `${at}.capacity[c].requestPolicy`;
const policies: { name: string; policy: object; want: string[] }[] = [
  { name: "any part", policy: {}, want: [] },
  { name: "some", policy: { default: "1", validValues: ["1", "10"] }, want: [] },
  { name: "steps", policy: { default: "3", validRange: { min: "1", max: "9", step: "2" } }, want: [] },
  {
    name: "both",
    policy: { default: "1", validValues: ["1"], validRange: { min: "1" } },
    want: [
      `${policy}: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time`,
    ],
  },
  {
    name: "no default",
    policy: { validValues: ["1"] },
    want: [`${policy}.default: Required value: required when validValues is defined`],
  },
  {
    name: "values that are unsorted, double, too large, and not the default",
    policy: { default: "5", validValues: ["2", "1", "2", "11"] },
    want: [
      `${policy}.validValues: Invalid value: "5": default value is not valid according to the requestPolicy`,
      `${policy}.validValues[1]: Invalid value: "1": values must be sorted in ascending order`,
      `${policy}.validValues[2]: Duplicate value: "2"`,
      `${policy}.validValues[3]: Invalid value: "11": option is larger than capacity value: 10`,
    ],
  },
  {
    name: "a range beyond the capacity",
    policy: { default: "1", validRange: { min: "11", max: "12" } },
    want: [
      `${policy}.validRange.default: Invalid value: "1": default is less than min: 11`,
      `${policy}.validRange.max: Invalid value: "12": max is larger than capacity value: 10`,
      `${policy}.validRange.min: Invalid value: "11": min is larger than capacity value: 10`,
    ],
  },
  {
    name: "a range whose ends are turned round",
    policy: { default: "5", validRange: { min: "4", max: "3" } },
    want: [
      `${policy}.validRange.default: Invalid value: "5": default is more than max: 3`,
      `${policy}.validRange.max: Invalid value: "4": min is larger than max: 3`,
    ],
  },
  {
    name: "steps that miss",
    policy: { default: "4", validRange: { min: "1", max: "9", step: "2" } },
    want: [`${policy}.validRange.step: Invalid value: "4": value is not a multiple of a given step (2) from (1)`],
  },
  {
    name: "steps that lead nowhere, or too far",
    policy: { default: "1", validRange: { min: "1", step: "0" } },
    want: [`${policy}.validRange.step: Invalid value: "0": must be greater than zero`],
  },
  {
    name: "a step too far",
    policy: { default: "1", validRange: { min: "1", step: "10" } },
    want: [`${policy}.validRange.step: Invalid value: "10": one step 11 is larger than capacity value: 10`],
  },
];

/** A slice with more said, and with a device. */
const slice = (spec: object, device?: object) => ({
  metadata,
  spec: { driver: "d.test", pool, nodeName: "n", ...(device ? { devices: [{ name: "d", ...device }] } : {}), ...spec },
});

describe("a slice", () => {
  test.each(slices)("$name", async ({ spec, want }) => {
    expect(await problems(definition, strategy, slice(spec))).toEqual(want);
  });

  test("stays where it is", async () => {
    const old = created<ResourceSlice>(definition, strategy, slice({}));
    const move = ({ spec }: ResourceSlice) => {
      Object.assign(spec, { driver: "e.test", nodeName: "m", pool: { ...pool, name: "q" } });
    };
    expect((await updated(definition, strategy, old as never, move as never)).problems).toEqual([
      'spec.driver: Invalid value: "e.test": field is immutable',
      'spec.nodeName: Invalid value: "m": field is immutable',
      'spec.pool.name: Invalid value: "q": field is immutable',
    ]);
  });

  test("loses what alpha features would keep", () => {
    const device = { attributes: { x: { int: 1, ints: [1] } }, nodeAllocatableResourceMappings: { cpu: {} } };
    const made = created<ResourceSlice>(definition, strategy, slice({}, device));
    expect(made.spec.devices).toEqual([{ name: "d", attributes: { x: { int: 1 } } }]);
  });
});

describe("a device", () => {
  test.each(devices)("$name", async ({ device, spec = {}, want }) => {
    expect(await problems(definition, strategy, slice(spec, device))).toEqual(want);
  });

  test.each(policies)("may be had in parts: $name", async ({ policy: requestPolicy, want }) => {
    const device = { allowMultipleAllocations: true, capacity: { c: { value: "10", requestPolicy } } };
    expect(await problems(definition, strategy, slice({}, device))).toEqual(want);
  });

  test("keeps taints and capacities that were allowed once", async () => {
    const device = { taints: [{ key: "a", effect: "Old" }], capacity: { c: { value: "10", requestPolicy: {} } } };
    const old = created<ResourceSlice>(definition, strategy, slice({}, device));
    expect((await updated(definition, strategy, old as never, (() => {}) as never)).problems).toEqual([]);
  });
});
