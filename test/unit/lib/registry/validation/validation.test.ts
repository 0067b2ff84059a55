import { describe, expect, test } from "vitest";
import { path } from "../../../../../lib/apimachinery/validation/field.ts";
import { accessModesCell, validateAccessModes } from "../../../../../lib/registry/validation/access-modes.ts";
import { validateDomainPrefixedPath } from "../../../../../lib/registry/validation/domain-prefixed-path.ts";
import { validateEndpointIP } from "../../../../../lib/registry/validation/endpoint-ip.ts";
import { countGeneration, same } from "../../../../../lib/registry/validation/generation.ts";
import { warningsForCIDR, warningsForIP } from "../../../../../lib/registry/validation/ip-warnings.ts";
import {
  percentOf,
  validateAtMostHundredPercent,
  validateInRange,
  validatePortNumOrName,
  validatePositiveIntOrPercent,
} from "../../../../../lib/registry/validation/number.ts";
import {
  quantityOf,
  validateBasicResource,
  validatePositiveQuantity,
} from "../../../../../lib/registry/validation/quantity.ts";
import {
  isExtendedResource,
  validateContainerResourceName,
  validateQuotaResourceName,
  validateResourceQuantity,
} from "../../../../../lib/registry/validation/resource-names.ts";
import {
  nameWarnings,
  validateAtMost,
  validateCollisionCount,
  validateCounts,
  validateSelector,
} from "../../../../../lib/registry/validation/workload.ts";
import { texts } from "../objects.ts";

const field = path("f");

describe("numbers", () => {
  test.each([
    { name: "a count", value: 3, want: [] },
    { name: "a percentage", value: "30%", want: [] },
    { name: "less than none", value: -1, want: ["f: Invalid value: -1: must be greater than or equal to 0"] },
    { name: "more than all", value: "101%", want: ['f: Invalid value: "101%": must not be greater than 100%'] },
    {
      name: "a word",
      value: "some",
      want: [
        "f: Invalid value: \"some\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ],
    },
  ])("$name", ({ value, want }) => {
    expect(
      texts([...validatePositiveIntOrPercent(value, field), ...validateAtMostHundredPercent(value, field)]),
    ).toEqual(want);
  });

  test("ports have a number or a name, ranges two ends", () => {
    expect(texts([...validatePortNumOrName("http", field), ...validatePortNumOrName(0, field)])).toEqual([
      "f: Invalid value: 0: must be between 1 and 65535, inclusive",
    ]);
    expect([percentOf("7%"), percentOf(7), validateInRange(3, 1, 3, field)]).toEqual([7, undefined, []]);
  });
});

describe("addresses that traffic may be sent to", () => {
  test.each([
    { ip: "10.0.0.1", want: [] },
    { ip: "2001:db8::1", want: [] },
    { ip: "x", want: ["must be a valid IP address"] },
    { ip: "0.0.0.0", want: ["may not be unspecified (0.0.0.0)"] },
    { ip: "::1", want: ["may not be in the loopback range (127.0.0.0/8, ::1/128)"] },
    { ip: "fe80::1", want: ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"] },
    { ip: "224.0.0.9", want: ["may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"] },
  ])("$ip", ({ ip, want }) => {
    expect(validateEndpointIP(ip, field).map(({ detail }) => detail)).toEqual(want);
  });

  test.each([
    { value: "10.0.0.1", want: [] },
    { value: "10.0.0.01", want: ['f: non-standard IP address "10.0.0.01" is invalid: use "10.0.0.1"'] },
    { value: "::ffff:10.0.0.1", want: ['f: non-standard IP address "::ffff:10.0.0.1" is invalid: use "10.0.0.1"'] },
    {
      value: "2001:DB8::1",
      want: ['f: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'],
    },
  ])("warnings of $value", ({ value, want }) => {
    expect(warningsForIP(field, value)).toEqual(want);
  });

  test("a range that is an address with its mask is ambiguous", () => {
    expect(warningsForCIDR(field, "10.0.0.0/8")).toEqual([]);
    expect(warningsForCIDR(field, "10.0.0.5/24")).toEqual([
      'f: CIDR value "10.0.0.5/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.5/32"?)',
    ]);
  });
});

describe("resources", () => {
  test.each([
    { name: "cpu", check: validateContainerResourceName, want: [] },
    { name: "example.test/gpu", check: validateContainerResourceName, want: [] },
    { name: "pods", check: validateContainerResourceName, want: ["must be a standard resource for containers"] },
    {
      name: "requests.example.test/gpu",
      check: validateContainerResourceName,
      want: ["doesn't follow extended resource name standard"],
    },
    { name: "requests.example.test/gpu", check: validateQuotaResourceName, want: [] },
    {
      name: "bananas",
      check: validateQuotaResourceName,
      want: ["must be a standard resource type or fully qualified", "must be a standard resource for quota"],
    },
  ])("$name", ({ name, check, want }) => {
    expect(check(name, field).map(({ detail }) => detail)).toEqual(want);
  });

  test("amounts are whole where things are counted", () => {
    expect(texts(validateResourceQuantity("pods", "500m", field))).toEqual([
      'f: Invalid value: "500m": must be an integer',
    ]);
    expect(validateResourceQuantity("cpu", "500m", field)).toEqual([]);
    expect(texts([...validatePositiveQuantity("0", field), ...validateBasicResource("-1", field)])).toEqual([
      'f: Invalid value: "0": must be greater than zero',
      'f: Invalid value: "-1": must be a valid resource quantity',
    ]);
    expect([quantityOf(undefined).isZero(), isExtendedResource("kubernetes.io/x")]).toEqual([true, false]);
  });
});

test("access modes", () => {
  expect(texts(validateAccessModes(["ReadWriteOncePod", "ReadWriteMany", "Odd"], field))).toEqual([
    'f: Unsupported value: "Odd": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    "f: Forbidden: may not use ReadWriteOncePod with other access modes",
  ]);
  expect(accessModesCell(["ReadWriteMany", "ReadWriteOnce"])).toBe("RWO,RWX");
});

test("domain prefixed paths", () => {
  expect(validateDomainPrefixedPath("acme.io/foo", field)).toEqual([]);
  expect(texts(["", "foo", "A_b/c"].flatMap((name) => validateDomainPrefixedPath(name, field).slice(0, 1)))).toEqual([
    "f: Required value",
    'f: Invalid value: "foo": must be a domain-prefixed path (such as "acme.io/foo")',
    expect.stringContaining('f: Invalid value: "A_b": a lowercase RFC 1123 subdomain'),
  ]);
});

describe("workloads", () => {
  test("generations grow only with a change", () => {
    const metadata = { generation: 4 };
    countGeneration(metadata, { generation: 4 }, false);
    countGeneration(metadata, { generation: 4 }, true);
    expect([metadata.generation, same({ a: [] }, {})]).toEqual([5, true]);
  });

  test("counts of a status", () => {
    const status = { replicas: 1, readyReplicas: 2, failed: -1 };
    expect(
      texts([...validateCounts(status, ["failed"]), ...validateAtMost(status, ["readyReplicas"], "replicas")]),
    ).toEqual([
      "status.failed: Invalid value: -1: must be greater than or equal to 0",
      "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
    ]);
    expect([validateCollisionCount(2, 1), validateCollisionCount(undefined, 1)].map((list) => list.length)).toEqual([
      0, 1,
    ]);
  });

  test("selectors are there, and names can be host names", () => {
    expect(texts([...validateSelector(undefined, "x", field), ...validateSelector({}, "x", field)])).toEqual([
      "f: Required value",
      "f: Invalid value: {}: empty selector is invalid for x",
    ]);
    expect([nameWarnings("a"), nameWarnings("a.b")].map((list) => list.length)).toEqual([0, 1]);
  });
});
