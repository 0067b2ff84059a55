import { expect, test } from "vitest";
import { path } from "../../../../../lib/apimachinery/validation/field.ts";
import {
  addressText,
  contains,
  parseAddress,
  parseCidr,
  validateCIDR,
  validateIP,
} from "../../../../../lib/apimachinery/validation/ip.ts";

test.each([
  ["10.1.2.3", "10.1.2.3"],
  ["::", "::"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
  ["::ffff:1.2.3.4", "1.2.3.4"],
  ["1.2.3", undefined],
  ["1:2", undefined],
  [":::", undefined],
])("%s", (text, want) => {
  const address = parseAddress(text);
  expect(address && addressText(address)).toBe(want);
});

test.each([
  ["10.0.0.1", []],
  ["010.0.0.1", ["must not have leading 0s"]],
  ["x", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]],
  ["FE80::1", ['must be in canonical form ("fe80::1")']],
])("validateIP %s", (text, want) => expect(validateIP(path("a"), text).map((error) => error.detail)).toEqual(want));

test.each([
  ["10.0.0.0/8", []],
  ["10.0.0.1/8", ["must not have bits set beyond the prefix length"]],
  ["10.0.0.0/33", ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]],
])("validateCIDR %s", (text, want) => expect(validateCIDR(path("a"), text).map((error) => error.detail)).toEqual(want));

test("contains", () => {
  const cidr = parseCidr("10.96.0.0/16")?.network;
  const address = (text: string) => parseAddress(text) ?? { family: 4 as const, bytes: [] };
  expect(cidr && contains(cidr, address("10.96.255.1"))).toBe(true);
  expect(cidr && contains(cidr, address("10.97.0.1"))).toBe(false);
});
