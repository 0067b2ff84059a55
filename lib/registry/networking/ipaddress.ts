/** IPAddresses: the addresses that Services have (upstream: pkg/registry/networking/ipaddress). */
import { type FieldError, invalid, path, required } from "../../apimachinery/validation/field.ts";
import { addressText, parseAddress } from "../../apimachinery/validation/ip.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import { isDNS1123Label, isDNS1123Subdomain, isValidPathSegmentName } from "../../apimachinery/validation/names.ts";
import type { IPAddress } from "../../openapi/types/networking-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";

const parentField = path("spec", "parentRef");

/** A name that is an address, written in the one way that all agree on. */
function validateName(name: string): string[] {
  const address = parseAddress(name);
  if (!address) return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  if (/(^|\.)0\d/.test(name)) return ["must not have leading 0s"];
  if (address.family === 4 && name.includes(":")) return ["must not be an IPv4-mapped IPv6 address"];
  const canonical = addressText(address);
  return canonical === name ? [] : [`must be in canonical form ("${canonical}")`];
}

function validate({ spec }: IPAddress): FieldError[] {
  const parent = spec?.parentRef;
  if (!parent) return [required(parentField, "")];
  const errors: FieldError[] = [];
  const check = (name: "group" | "resource" | "namespace" | "name", problems: (text: string) => string[]) => {
    const value = parent[name];
    if (!value) return;
    errors.push(...problems(value).map((problem) => invalid(parentField.child(name), value, problem)));
  };
  check("group", isDNS1123Subdomain);
  if (!parent.resource) errors.push(required(parentField.child("resource"), ""));
  check("resource", isValidPathSegmentName);
  if (!parent.name) errors.push(required(parentField.child("name"), ""));
  check("name", isValidPathSegmentName);
  check("namespace", isDNS1123Label);
  return errors;
}

/** The reference as upstream shows it: its internal type. */
const goParent = ({ spec }: IPAddress) => ({
  Group: spec?.parentRef?.group ?? "",
  Resource: spec?.parentRef?.resource ?? "",
  Namespace: spec?.parentRef?.namespace ?? "",
  Name: spec?.parentRef?.name ?? "",
});

function parentCell({ spec }: IPAddress): string {
  const parent = spec?.parentRef;
  if (!parent) return "<none>";
  const resource = parent.group ? `${parent.resource}.${parent.group}` : (parent.resource ?? "");
  const namespace = parent.namespace ? `/${parent.namespace}` : "";
  return `${resource.toLowerCase()}${namespace}/${parent.name}`;
}

/** ipaddresses.networking.k8s.io */
export const ipAddressStrategy: Strategy<IPAddress> = {
  validateName,
  validate,
  validateUpdate: (object, old) => validateImmutableField(goParent(object), goParent(old), parentField),
  // Upstream writes one cell more than there are columns.
  cells: (object, { now }) => [
    object.metadata.name,
    parentCell(object),
    ageCell(object.metadata.creationTimestamp, now),
  ],
};
