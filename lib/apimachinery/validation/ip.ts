/** Addresses and CIDRs (upstream: apimachinery/pkg/util/validation/ip.go). */
import { type FieldError, invalid, type Path } from "./field.ts";

/** An address: its family and its bytes (4 or 16). */
export interface Address {
  readonly family: 4 | 6;
  readonly bytes: readonly number[];
}

/** A range of addresses. `bits` counts within the family. */
export interface Cidr {
  readonly address: Address;
  readonly bits: number;
}

function parse4(text: string): number[] | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  return bytes?.every((byte) => byte <= 255) ? bytes : undefined;
}

function parse6(text: string): number[] | undefined {
  let source = text;
  const tail = /(^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const v4 = parse4(tail[2]);
    if (!v4) return undefined;
    const groups = [(v4[0] << 8) | v4[1], (v4[2] << 8) | v4[3]].map((group) => group.toString(16));
    source = text.slice(0, text.length - tail[2].length) + groups.join(":");
  }
  const halves = source.split("::");
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = halves.length === 1 ? left : [...left, ...Array<string>(missing).fill("0"), ...right];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}

const isMapped = (bytes: readonly number[]) =>
  bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;

/** The address; leading zeros are let through, an IPv4-mapped one is IPv4. Undefined: no address. */
export function parseAddress(text: string): Address | undefined {
  const bytes = text.includes(":") ? parse6(text) : parse4(text);
  if (!bytes) return undefined;
  if (isMapped(bytes)) return { family: 4, bytes: bytes.slice(12) };
  return { family: bytes.length === 4 ? 4 : 6, bytes };
}

/** The canonical text of an address (RFC 5952). */
export function addressText({ family, bytes }: Address): string {
  if (family === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index] << 8) | bytes[2 * index + 1]);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const texts = groups.map((group) => group.toString(16));
  if (best.start < 0) return texts.join(":");
  return `${texts.slice(0, best.start).join(":")}::${texts.slice(best.start + best.length).join(":")}`;
}

/** `10.0.0.0/8` → its network (bits beyond the prefix are cleared) and the address as written. Undefined: no CIDR. */
export function parseCidr(text: string): { network: Cidr; address: Address } | undefined {
  const match = /^(.+)\/(\d{1,3})$/.exec(text);
  const address = match ? parseAddress(match[1]) : undefined;
  if (!match || !address) return undefined;
  const mapped = address.family === 4 && match[1].includes(":");
  const bits = Number(match[2]) - (mapped ? 96 : 0);
  if (bits < 0 || bits > address.bytes.length * 8) return undefined;
  return { network: { address: mask(address, bits), bits }, address };
}

function mask(address: Address, bits: number): Address {
  const bytes = address.bytes.map((byte, index) => {
    const kept = Math.max(0, Math.min(8, bits - index * 8));
    return byte & ((255 << (8 - kept)) & 255);
  });
  return { family: address.family, bytes };
}

/** The canonical text of a range. */
export const cidrText = ({ address, bits }: Cidr) => `${addressText(address)}/${bits}`;

/** Whether an address lies in a range. */
export function contains(cidr: Cidr, address: Address): boolean {
  return cidr.address.family === address.family && addressText(mask(address, cidr.bits)) === addressText(cidr.address);
}

const leadingZeros = (text: string) => /(^|[.:])0\d+\./.test(text) || /\.0\d+($|\/)/.test(text);
const isMappedText = (text: string) => text.includes(":") && isMapped(parse6(text.split("/")[0]) ?? []);

/** Problems of an address in a field that takes other spellings than the canonical one. */
export function validateIPForLegacyField(field: Path, value: string, validOld: readonly string[] = []): FieldError[] {
  if (validOld.includes(value)) return [];
  if (!parseAddress(value)) {
    return [invalid(field, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
  }
  if (leadingZeros(value)) return [invalid(field, value, "must not have leading 0s")];
  return isMappedText(value) ? [invalid(field, value, "must not be an IPv4-mapped IPv6 address")] : [];
}

/** Problems of an address in a field that takes the canonical spelling alone. */
export function validateIP(field: Path, value: string): FieldError[] {
  const errors = validateIPForLegacyField(field, value);
  const address = parseAddress(value);
  if (errors.length > 0 || !address || addressText(address) === value) return errors;
  return [invalid(field, value, `must be in canonical form ("${addressText(address)}")`)];
}

/** Problems of a CIDR in a field that takes other spellings than the canonical one. */
export function validateCIDRForLegacyField(field: Path, value: string, validOld: readonly string[] = []): FieldError[] {
  if (validOld.includes(value)) return [];
  const parsed = parseCidr(value);
  if (!parsed) return [invalid(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")];
  if (leadingZeros(value) || /\/0\d/.test(value)) {
    return [invalid(field, value, "must not have leading 0s in IP or prefix length")];
  }
  if (isMappedText(value)) return [invalid(field, value, "must not have an IPv4-mapped IPv6 address")];
  if (addressText(parsed.address) !== addressText(parsed.network.address)) {
    return [invalid(field, value, "must not have bits set beyond the prefix length")];
  }
  return [];
}

/** Problems of a CIDR in a field that takes the canonical spelling alone. */
export function validateCIDR(field: Path, value: string): FieldError[] {
  const errors = validateCIDRForLegacyField(field, value);
  const parsed = parseCidr(value);
  if (errors.length > 0 || !parsed || cidrText(parsed.network) === value) return errors;
  return [invalid(field, value, `must be in canonical form ("${cidrText(parsed.network)}")`)];
}
