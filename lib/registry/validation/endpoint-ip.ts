/** Addresses that traffic may be sent to (upstream: ValidateEndpointIP). */
import { type FieldError, invalid, type Path } from "../../apimachinery/validation/field.ts";
import { parseAddress } from "../../apimachinery/validation/ip.ts";

/** Problems of an address that is special: unspecified, of the loopback, or local to a link. */
export function validateEndpointIP(ip: string, field: Path): FieldError[] {
  const address = parseAddress(ip);
  if (!address) return [invalid(field, ip, "must be a valid IP address")];
  const { family, bytes } = address;
  const errors: FieldError[] = [];
  if (bytes.every((byte) => byte === 0)) errors.push(invalid(field, ip, `may not be unspecified (${ip})`));
  const loopback = family === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
  if (loopback) errors.push(invalid(field, ip, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
  const linkLocal =
    family === 4 ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80;
  if (linkLocal) errors.push(invalid(field, ip, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
  const multicast =
    family === 4
      ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
      : bytes[0] === 0xff && (bytes[1] & 0x0f) === 0x02;
  if (multicast) {
    errors.push(invalid(field, ip, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"));
  }
  return errors;
}
