/** Warnings about addresses and ranges that are understood but not as they should be written (KEP-4858). */
import type { Path } from "../../apimachinery/validation/field.ts";
import { addressText, cidrText, parseAddress, parseCidr } from "../../apimachinery/validation/ip.ts";

const zeros = /(^|[.:])0\d+(\.|$|\/)/;

/** What there is to say of an address. */
export function warningsForIP(field: Path, value: string): string[] {
  const address = parseAddress(value);
  if (!address) return [];
  const canonical = addressText(address);
  const mapped = address.family === 4 && value.includes(":");
  if (mapped || (address.family === 4 && zeros.test(value))) {
    return [`${field}: non-standard IP address ${JSON.stringify(value)} is invalid: use ${JSON.stringify(canonical)}`];
  }
  if (address.family === 4 || canonical === value) return [];
  return [
    `${field}: IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`,
  ];
}

/** What there is to say of a range. */
export function warningsForCIDR(field: Path, value: string): string[] {
  const parsed = parseCidr(value);
  if (!parsed) return [];
  const canonical = JSON.stringify(cidrText(parsed.network));
  const shown = JSON.stringify(value);
  const v4 = parsed.address.family === 4;
  const [address] = value.split("/");
  if (v4 && (value.includes(":") || zeros.test(address) || /\/0\d/.test(value))) {
    return [`${field}: non-standard CIDR value ${shown} is invalid: use ${canonical}`];
  }
  if (addressText(parsed.address) !== addressText(parsed.network.address)) {
    const single = `${addressText(parsed.address)}/${v4 ? 32 : 128}`;
    return [
      `${field}: CIDR value ${shown} is ambiguous in this context (should be ${canonical} or ${JSON.stringify(single)}?)`,
    ];
  }
  if (v4 || JSON.stringify(value) === canonical) return [];
  return [`${field}: IPv6 CIDR value ${shown} should be in RFC 5952 canonical format (${canonical})`];
}
