import { expect, test } from "vitest";
import type { ResourceClaim, ResourceClaimStatus } from "../../../../../lib/openapi/types/resource-v1.ts";
import { resourceClaimStrategy as strategy } from "../../../../../lib/registry/resource/resource.ts";
import { created, updated } from "../objects.ts";

const definition = "resource.v1.ResourceClaim";
const spec = { devices: { requests: [{ name: "r", exactly: { deviceClassName: "c" } }] } };
const result = { request: "r", driver: "d.test", pool: "p", device: "x" };
const consumer = { resource: "pods", name: "p", uid: "1" };
const id = { driver: "d.test", pool: "p", device: "x" };
const condition = {
  type: "Ready",
  status: "True",
  reason: "R",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
};
const results = "status.allocation.devices.results[0]";
const device = "status.devices[0]";

/** The problems of a status in place of another. */
async function change(status: object, before: ResourceClaimStatus = {}, deleted = false): Promise<string[]> {
  const old = created<ResourceClaim>(definition, strategy, { metadata: { name: "a", namespace: "d" }, spec });
  old.status = before;
  if (deleted) old.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
  const set = (one: ResourceClaim) => {
    one.status = status as ResourceClaimStatus;
  };
  return (await updated(definition, strategy, old as never, set as never, "status")).problems;
}

const allocated = (one: object = result) => ({ allocation: { devices: { results: [one] } } });

test.each([
  { name: "nothing", status: {}, want: [] },
  { name: "a device that is used", status: { ...allocated(), reservedFor: [consumer], devices: [id] }, want: [] },
  {
    name: "users of nothing",
    status: { reservedFor: [consumer] },
    want: ["status.reservedFor: Forbidden: may not be specified when `allocated` is not set"],
  },
  {
    name: "users without a name, and one twice",
    status: { ...allocated(), reservedFor: [consumer, consumer, { resource: "", name: "", uid: "" }] },
    want: [
      'status.reservedFor[1]: Duplicate value: "1"',
      "status.reservedFor[2].name: Required value",
      "status.reservedFor[2].resource: Required value",
      "status.reservedFor[2].uid: Required value",
    ],
  },
  {
    name: "a malformed result",
    status: allocated({ request: "x", driver: "", pool: "", device: "A", shareID: "1" }),
    want: [
      expect.stringContaining(`${results}.device: Invalid value: "A": a lowercase RFC 1123 label`),
      `${results}.driver: Required value`,
      `${results}.pool: Required value`,
      expect.stringContaining(`${results}.request: Invalid value: "x": must be the name of a request`),
      `${results}.shareID: Invalid value: "1": error validating uid: invalid UUID length: 1`,
    ],
  },
  {
    name: "a share in capitals, and one that is none",
    status: {
      allocation: {
        devices: {
          results: [
            { ...result, shareID: "AAAAAAAA-AAAA-AAAA-AAAA-AAAAAAAAAAAA" },
            { ...result, shareID: "x".repeat(36) },
          ],
        },
      },
    },
    want: [
      expect.stringContaining(
        `${results}.shareID: Invalid value: "AAAAAAAA-AAAA-AAAA-AAAA-AAAAAAAAAAAA": uid must be in`,
      ),
      expect.stringContaining("error validating uid: invalid UUID format"),
    ],
  },
  {
    name: "conditions that are awaited",
    status: allocated({ ...result, bindingConditions: ["A", "A"], bindingFailureConditions: ["A"] }),
    want: [
      `${results}.bindingConditions[1]: Duplicate value: "A"`,
      `${results}.bindingFailureConditions[0]: Invalid value: "A": bindingFailureConditions must not overlap with bindingConditions`,
    ],
  },
  {
    name: "only one kind of conditions that are awaited",
    status: allocated({ ...result, bindingFailureConditions: ["A"] }),
    want: [
      `${results}.bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions`,
    ],
  },
  {
    name: "configurations from nowhere, and nodes that are none",
    status: {
      allocation: {
        devices: { results: [result], config: [{ source: "" }, { source: "Odd", requests: ["r"] }] },
        nodeSelector: { nodeSelectorTerms: [] },
      },
    },
    want: [
      "status.allocation.devices.config[0].opaque: Required value",
      "status.allocation.devices.config[0].source: Required value",
      "status.allocation.devices.config[1].opaque: Required value",
      'status.allocation.devices.config[1].source: Unsupported value: "Odd": supported values: "FromClaim", "FromClass"',
      "status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term",
    ],
  },
  {
    name: "the status of a device of someone else's",
    status: { ...allocated(), devices: [{ ...id, device: "y", data: [1] }] },
    want: [
      `${device}.data: Invalid value: must be a valid JSON object`,
      `${device}: Invalid value: "d.test/p/y": must be an allocated device in the claim`,
    ],
  },
  {
    name: "a device's network",
    status: {
      ...allocated(),
      devices: [
        {
          ...id,
          networkData: {
            interfaceName: "x".repeat(257),
            hardwareAddress: "x".repeat(129),
            ips: ["10.0.0.1", "2001:DB8::1/64", "10.0.0.1/8"],
          },
        },
      ],
    },
    want: [
      `${device}.networkData.hardwareAddress: Too long: may not be more than 128 bytes`,
      `${device}.networkData.interfaceName: Too long: may not be more than 256 bytes`,
      `${device}.networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)`,
      `${device}.networkData.ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")`,
    ],
  },
  {
    name: "a device's conditions",
    status: {
      ...allocated(),
      devices: [
        {
          ...id,
          conditions: [
            condition,
            { ...condition, status: "Odd", reason: "1", observedGeneration: -1 },
            { type: "", status: "" },
          ],
        },
      ],
    },
    want: [
      `${device}.conditions[1].observedGeneration: Invalid value: -1: must be greater than or equal to zero`,
      expect.stringContaining(`${device}.conditions[1].reason: Invalid value: "1": a condition reason must start`),
      `${device}.conditions[1].status: Unsupported value: "Odd": supported values: "False", "True", "Unknown"`,
      `${device}.conditions[1].type: Duplicate value: "Ready"`,
      `${device}.conditions[2].lastTransitionTime: Required value: must be set`,
      `${device}.conditions[2].reason: Required value: must be set`,
      `${device}.conditions[2].status: Unsupported value: "": supported values: "False", "True", "Unknown"`,
      `${device}.conditions[2].type: Invalid value: "": name part must be non-empty`,
      expect.stringContaining(`${device}.conditions[2].type: Invalid value: "": name part must consist`),
    ],
  },
])("$name", async ({ status, want }) => {
  expect(await change(status)).toEqual(want);
});

test("an allocation stays, and a claim that is going gets no more users", async () => {
  const before = { ...allocated(), reservedFor: [consumer] } as ResourceClaimStatus;
  const moved = await change(allocated({ ...result, device: "y" }), before);
  expect(moved).toEqual([
    expect.stringMatching(/^status\.allocation: Invalid value: \{"Devices":.*field is immutable$/),
  ]);
  expect(await change({}, before)).toEqual([]);
  expect(await change(before, before, true)).toEqual([]);
  expect(await change({ ...before, reservedFor: [consumer, { ...consumer, uid: "2" }] }, before, true)).toEqual([
    "status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set",
  ]);
});
