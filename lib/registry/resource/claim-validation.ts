/** What claims ask for (upstream: pkg/apis/resource/validation). Expressions are taken as they are. */
import {
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from "../../openapi/types/resource-v1.ts";
import { validateDeviceToleration } from "./device-taints.ts";
import { validateList, validateSet } from "./lists.ts";
import {
  type RequestNames,
  validateClassName,
  validateFullyQualifiedName,
  validateLabel,
  validateRequestRef,
} from "./names.ts";
import { validateConfiguration } from "./opaque-configuration.ts";

/** The most of each list. */
export const most = { requests: 32, constraints: 32, configs: 32, selectors: 32, alternatives: 8, tolerations: 16 };
const maxExpressionBytes = 10 * 1_024;

/** The requests of a claim with their alternatives. */
export function requestNames({ requests }: DeviceClaim): RequestNames {
  return new Map(
    (requests ?? []).map(({ name, firstAvailable = [] }) => [name, new Set(firstAvailable.map((sub) => sub.name))]),
  );
}

/** Conditions that a device must meet. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, field: Path): FieldError[] {
  return validateList(selectors, most.selectors, field, ({ cel }, at) => {
    if (!cel) return [required(at.child("cel"), "")];
    const isLong = Buffer.byteLength(cel.expression) > maxExpressionBytes;
    return isLong ? [tooLong(at.child("cel", "expression"), maxExpressionBytes)] : [];
  });
}

function validateMode({ allocationMode: mode = "", count = 0 }: ExactDeviceRequest, field: Path): FieldError[] {
  const at = field.child("count");
  if (mode === "All") {
    return count === 0 ? [] : [invalid(at, count, "must not be specified when allocationMode is 'All'")];
  }
  if (mode === "ExactCount") return count > 0 ? [] : [invalid(at, count, "must be greater than zero")];
  return [notSupported(field.child("allocationMode"), mode, ["All", "ExactCount"])];
}

function validateDevices(request: ExactDeviceRequest | DeviceSubRequest, field: Path): FieldError[] {
  return [
    ...validateClassName(request.deviceClassName, field.child("deviceClassName")),
    ...validateSelectors(request.selectors, field.child("selectors")),
    ...validateMode(request, field),
    ...validateList(request.tolerations, most.tolerations, field.child("tolerations"), validateDeviceToleration),
  ];
}

function validateRequest({ name, exactly, firstAvailable = [] }: DeviceRequest, field: Path): FieldError[] {
  const errors = validateLabel(name, field.child("name"));
  const either = "exactly one of `exactly` or `firstAvailable` is required";
  if (exactly && firstAvailable.length > 0) {
    return [...errors, invalid(field, null, `${either}, but multiple fields are set`)];
  }
  if (exactly) return [...errors, ...validateDevices(exactly, field.child("exactly"))];
  if (firstAvailable.length === 0) return [...errors, required(field, either)];
  const alternatives = validateSet(
    firstAvailable,
    most.alternatives,
    field.child("firstAvailable"),
    (sub, at) => [...validateLabel(sub.name, at.child("name")), ...validateDevices(sub, at)],
    (sub) => sub.name,
  );
  return [...errors, ...alternatives];
}

function validateConstraint(constraint: DeviceConstraint, field: Path, names: RequestNames): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = validateRequestRefs(requests, field, names);
  if (matchAttribute !== undefined) {
    return [...errors, ...validateFullyQualifiedName(matchAttribute, field.child("matchAttribute"))];
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...validateFullyQualifiedName(distinctAttribute, field.child("distinctAttribute"))];
  }
  // Upstream says so where none is set.
  const text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(field, text)];
}

/** The field `requests`: the names of some of a claim's requests. */
export function validateRequestRefs(
  requests: readonly string[] | undefined,
  field: Path,
  names: RequestNames,
): FieldError[] {
  const at = field.child("requests");
  return validateSet(
    requests,
    most.requests,
    at,
    (name, place) => validateRequestRef(name, place, names),
    (name) => name,
  );
}

/** A claim's spec, its own or a template's. */
export function validateClaimSpec({ devices = {} }: ResourceClaimSpec, field: Path): FieldError[] {
  const at = field.child("devices");
  const names = requestNames(devices);
  return [
    ...validateSet(devices.requests, most.requests, at.child("requests"), validateRequest, ({ name }) => name),
    ...validateList(devices.constraints, most.constraints, at.child("constraints"), (constraint, place) =>
      validateConstraint(constraint, place, names),
    ),
    ...validateList(devices.config, most.configs, at.child("config"), (config, place) => [
      ...validateRequestRefs(config.requests, place, names),
      ...validateConfiguration(config, place, false),
    ]),
  ];
}
