/** Validation of EndpointSlices (upstream: pkg/apis/discovery/validation). */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  path,
  required,
  tooMany,
} from "../../apimachinery/validation/field.ts";
import { parseAddress, validateIP, validateIPForLegacyField } from "../../apimachinery/validation/ip.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
} from "../../apimachinery/validation/names.ts";
import type { Endpoint, EndpointSlice } from "../../openapi/types/discovery-v1.ts";
import { validateEndpointIP } from "../validation/endpoint-ip.ts";
import { same } from "../validation/generation.ts";

const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;
const maxHints = 8;
const addressTypes = ["FQDN", "IPv4", "IPv6"];
const protocols = ["SCTP", "TCP", "UDP"];

const invalidIf = (problems: string[], field: Path, value: unknown) =>
  problems.map((problem) => invalid(field, value, problem));

/** A slice; endpoints that have not changed since `old` are not looked at again. */
export function validateEndpointSlice(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  const type = slice.addressType;
  if (!type) errors.push(required(path("addressType"), ""));
  else if (!addressTypes.includes(type)) errors.push(notSupported(path("addressType"), type, addressTypes));
  errors.push(...validatePorts(slice.ports ?? []));
  const problems = validateEndpoints(slice);
  return problems.length > 0 && old && same(slice.endpoints, old.endpoints) ? errors : [...errors, ...problems];
}

function validatePorts(ports: NonNullable<EndpointSlice["ports"]>): FieldError[] {
  if (ports.length > maxPorts) return [tooMany(path("ports"), ports.length, maxPorts)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name = "", protocol, appProtocol }] of ports.entries()) {
    const field = path("ports").index(index);
    if (name !== "") errors.push(...invalidIf(isDNS1123Label(name), field.child("name"), name));
    if (names.has(name)) errors.push(duplicate(field.child("name"), name));
    names.add(name);
    if (protocol === undefined) errors.push(required(field.child("protocol"), ""));
    else if (!protocols.includes(protocol)) errors.push(notSupported(field.child("protocol"), protocol, protocols));
    if (appProtocol !== undefined) {
      errors.push(...invalidIf(isQualifiedName(appProtocol), field.child("appProtocol"), appProtocol));
    }
  }
  return errors;
}

function validateEndpoints({ endpoints = [], addressType }: EndpointSlice): FieldError[] {
  const field = path("endpoints");
  const list = endpoints ?? [];
  if (list.length > maxEndpoints) return [tooMany(field, list.length, maxEndpoints)];
  return list.flatMap((endpoint, index) => validateEndpoint(endpoint, addressType, field.index(index)));
}

function validateEndpoint(endpoint: Endpoint, type: string, field: Path): FieldError[] {
  const addresses = endpoint.addresses ?? [];
  const at = field.child("addresses");
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(at, "must contain at least 1 address"));
  if (addresses.length > maxAddresses) errors.push(tooMany(at, addresses.length, maxAddresses));
  for (const [index, address] of addresses.entries()) errors.push(...validateAddress(address, type, at, index));
  const { nodeName, hostname, hints } = endpoint;
  if (nodeName !== undefined)
    errors.push(...invalidIf(isDNS1123Subdomain(nodeName), field.child("nodeName"), nodeName));
  if (hostname !== undefined) errors.push(...invalidIf(isDNS1123Label(hostname), field.child("hostname"), hostname));
  if (!hints) return errors;
  const hintsField = field.child("hints");
  return [
    ...errors,
    ...validateHints(hints.forZones ?? [], isValidLabelValue, hintsField.child("forZones")),
    ...validateHints(hints.forNodes ?? [], isDNS1123Subdomain, hintsField.child("forNodes")),
  ];
}

function validateAddress(address: string, type: string, field: Path, index: number): FieldError[] {
  const at = field.index(index);
  if (type === "FQDN") return validateFQDN(address, at);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const errors = type === "IPv4" ? validateIPForLegacyField(at, address) : validateIP(at, address);
  if (errors.length > 0) return errors;
  const family = type === "IPv4" ? 4 : 6;
  if (parseAddress(address)?.family !== family) errors.push(invalid(field, address, `must be an ${type} address`));
  return [...errors, ...validateEndpointIP(address, at)];
}

function validateFQDN(address: string, field: Path): FieldError[] {
  if (address === "") return [required(field, "")];
  const name = address.endsWith(".") ? address.slice(0, -1) : address;
  const problems = isDNS1123Subdomain(name);
  if (problems.length > 0) return invalidIf(problems, field, name);
  const labels = name.split(".");
  if (labels.length < 2)
    return [invalid(field, name, "should be a domain with at least two segments separated by dots")];
  return labels.flatMap((label) => invalidIf(isDNS1123Label(label), field, label));
}

function validateHints(
  hints: readonly { name: string }[],
  check: (name: string) => string[],
  field: Path,
): FieldError[] {
  if (hints.length > maxHints) return [tooMany(field, hints.length, maxHints)];
  const names = hints.map(({ name }) => name);
  return names.flatMap((name, index) => {
    const at = field.index(index).child("name");
    const twice = names.indexOf(name) < index ? [duplicate(at, name)] : [];
    return [...twice, ...invalidIf(check(name), at, name)];
  });
}
