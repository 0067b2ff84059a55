/** Endpoints (upstream: pkg/registry/core/endpoint). */
import {
  type FieldError,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateIPForLegacyField } from "../../apimachinery/validation/ip.ts";
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidPortNum,
} from "../../apimachinery/validation/names.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from "../../openapi/types/core-v1.ts";
import { ageCell, noneIfEmpty } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { validateEndpointIP } from "../validation/endpoint-ip.ts";
import { same } from "../validation/generation.ts";
import { warningsForIP } from "../validation/ip-warnings.ts";

const subsetsField = path("subsets");
const managedBy = "endpoints.kubernetes.io/managed-by";
const ownController = "endpoint-controller";
const protocols = ["SCTP", "TCP", "UDP"];
const maxShown = 3;

const invalidIf = (problems: string[], field: Path, value: unknown) =>
  problems.map((problem) => invalid(field, value, problem));

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, field: Path): FieldError[] {
  const errors = validateIPForLegacyField(field.child("ip"), ip);
  if (hostname) errors.push(...invalidIf(isDNS1123Label(hostname), field.child("hostname"), hostname));
  if (nodeName !== undefined)
    errors.push(...invalidIf(isDNS1123Subdomain(nodeName), field.child("nodeName"), nodeName));
  return [...errors, ...validateEndpointIP(ip, field.child("ip"))];
}

function validatePort({ name, port, protocol, appProtocol }: EndpointPort, named: boolean, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!name && named) errors.push(required(field.child("name"), ""));
  else if (name) errors.push(...invalidIf(isDNS1123Label(name), field.child("name"), name));
  errors.push(...invalidIf(isValidPortNum(port), field.child("port"), port));
  if (!protocol) errors.push(required(field.child("protocol"), ""));
  else if (!protocols.includes(protocol)) errors.push(notSupported(field.child("protocol"), protocol, protocols));
  if (appProtocol === undefined) return errors;
  return [...errors, ...invalidIf(isQualifiedName(appProtocol), field.child("appProtocol"), appProtocol)];
}

function validateSubset({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, field: Path) {
  const errors: FieldError[] = [];
  if (addresses.length === 0 && notReadyAddresses.length === 0) {
    errors.push(required(field, "must specify `addresses` or `notReadyAddresses`"));
  }
  for (const [name, list] of Object.entries({ addresses, notReadyAddresses })) {
    const at = field.child(name);
    errors.push(...list.flatMap((address, index) => validateAddress(address, at.index(index))));
  }
  const at = field.child("ports");
  return [...errors, ...ports.flatMap((port, index) => validatePort(port, ports.length > 1, at.index(index)))];
}

function validate({ subsets = [] }: Endpoints, old?: Endpoints): FieldError[] {
  const errors = subsets.flatMap((subset, index) => validateSubset(subset, subsetsField.index(index)));
  return errors.length > 0 && old && same(subsets, old.subsets) ? [] : errors;
}

function warnings({ metadata, subsets = [] }: Endpoints): string[] {
  if (metadata.labels?.[managedBy] === ownController) return [];
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, index) =>
    Object.entries({ addresses, notReadyAddresses }).flatMap(([name, list]) => {
      const field = subsetsField.index(index).child(name);
      return list.flatMap(({ ip }, position) => warningsForIP(field.index(position).child("ip"), ip));
    }),
  );
}

function endpointsCell({ subsets = [] }: Endpoints): string {
  const shown: string[] = [];
  let count = 0;
  for (const { addresses = [], ports = [] } of subsets) {
    const suffixes = ports.length === 0 ? [undefined] : ports.map(({ port }) => port);
    for (const port of suffixes) {
      count += addresses.length;
      for (const { ip } of addresses) {
        if (shown.length === maxShown) break;
        const host = ip.includes(":") && port !== undefined ? `[${ip}]` : ip;
        shown.push(port === undefined ? ip : `${host}:${port}`);
      }
    }
  }
  const text = shown.join(",");
  if (count > maxShown) return `${text} + ${count - maxShown} more...`;
  return subsets.length === 0 ? noneIfEmpty(text) : text;
}

/** endpoints */
export const endpointsStrategy: Strategy<Endpoints> = {
  allowCreateOnUpdate: true,
  setDefaults({ subsets }) {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= "TCP";
  },
  validate: (endpoints) => validate(endpoints),
  warningsOnCreate: warnings,
  validateUpdate: validate,
  warningsOnUpdate: warnings,
  cells: (endpoints, { now }) => [
    endpoints.metadata.name,
    endpointsCell(endpoints),
    ageCell(endpoints.metadata.creationTimestamp, now),
  ],
};
