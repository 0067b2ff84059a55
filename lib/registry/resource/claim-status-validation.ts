/** What claims have been given, and who uses it (upstream: pkg/apis/resource/validation). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  path,
  required,
  tooLong,
  tooMany,
} from "../../apimachinery/validation/field.ts";
import { addressText, parseCidr } from "../../apimachinery/validation/ip.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from "../../openapi/types/resource-v1.ts";
import { validateDriverName } from "../core/persistentvolume/sources.ts";
import { validateNodeSelector } from "../pod-spec/affinity.ts";
import { validateConditionList } from "../validation/conditions.ts";
import { goValue } from "../validation/go-value.ts";
import { validateBindingConditions } from "./binding-conditions.ts";
import { most, requestNames, validateRequestRefs } from "./claim-validation.ts";
import { validateDeviceToleration } from "./device-taints.ts";
import { validateList, validateSet } from "./lists.ts";
import { type RequestNames, validateLabel, validatePoolName, validateRequestRef, validateUID } from "./names.ts";
import { validateConfiguration, validateRawObject } from "./opaque-configuration.ts";

const statusField = path("status");
const maxReservations = 256;
const maxConditions = 8;
const maxAddresses = 16;
const sources = ["FromClaim", "FromClass"];

type DeviceId = Pick<DeviceRequestAllocationResult, "driver" | "pool" | "device" | "shareID">;

/** Names a device, or a share of it, as upstream's messages do. */
const deviceId = ({ driver, pool, device, shareID }: DeviceId) =>
  `${driver}/${pool}/${device}${shareID === undefined ? "" : `/${shareID}`}`;

function validateConsumer(consumer: ResourceClaimConsumerReference, field: Path): FieldError[] {
  const missing = (["resource", "name", "uid"] as const).filter((name) => !consumer[name]);
  return missing.map((name) => required(field.child(name), ""));
}

function validateAddress(text: string, field: Path): FieldError[] {
  const parsed = parseCidr(text);
  if (!parsed) {
    return [invalid(field, text, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")];
  }
  const canonical = `${addressText(parsed.address)}/${parsed.network.bits}`;
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form ("${canonical}")`)];
}

function validateNetworkData(data: NetworkDeviceData | undefined, field: Path): FieldError[] {
  if (!data) return [];
  const limits = { interfaceName: 256, hardwareAddress: 128 };
  const names = ["interfaceName", "hardwareAddress"] as const;
  const long = names.filter((name) => Buffer.byteLength(data[name] ?? "") > limits[name]);
  return [
    ...long.map((name) => tooLong(field.child(name), limits[name])),
    ...validateSet(data.ips, maxAddresses, field.child("ips"), validateAddress, (ip) => ip),
  ];
}

function validateDeviceStatus(device: AllocatedDeviceStatus, field: Path, allocated: ReadonlySet<string>) {
  const errors = [
    ...validateDriverName(device.driver, field.child("driver")),
    ...validatePoolName(device.pool, field.child("pool")),
    ...validateLabel(device.device ?? "", field.child("device")),
    ...validateUID(device.shareID, field.child("shareID")),
  ];
  const id = deviceId(device);
  if (!allocated.has(id)) errors.push(invalid(field, id, "must be an allocated device in the claim"));
  const at = field.child("conditions");
  const count = device.conditions?.length ?? 0;
  if (count > maxConditions) errors.push(tooMany(at, count, maxConditions));
  errors.push(...validateConditionList(device.conditions, at));
  if (device.data !== undefined) errors.push(...validateRawObject(device.data, field.child("data"), false));
  return [...errors, ...validateNetworkData(device.networkData, field.child("networkData"))];
}

function validateResult(result: DeviceRequestAllocationResult, field: Path, names: RequestNames): FieldError[] {
  return [
    ...validateRequestRef(result.request ?? "", field.child("request"), names),
    ...validateDriverName(result.driver, field.child("driver")),
    ...validatePoolName(result.pool, field.child("pool")),
    ...validateLabel(result.device ?? "", field.child("device")),
    ...validateBindingConditions(result, field),
    ...validateList(result.tolerations, most.tolerations, field.child("tolerations"), validateDeviceToleration),
    ...validateUID(result.shareID, field.child("shareID")),
  ];
}

function validateAllocatedConfiguration(
  config: DeviceAllocationConfiguration,
  field: Path,
  names: RequestNames,
): FieldError[] {
  const { source = "" } = config;
  const at = field.child("source");
  const errors = source === "" ? [required(at, "")] : [];
  if (source !== "" && !sources.includes(source)) errors.push(notSupported(at, source, sources));
  return [
    ...errors,
    ...validateRequestRefs(config.requests, field, names),
    ...validateConfiguration(config, field, false),
  ];
}

function validateAllocation({ devices = {}, nodeSelector }: AllocationResult, field: Path, names: RequestNames) {
  const at = field.child("devices");
  return [
    ...validateList(devices.results, most.requests, at.child("results"), (result, place) =>
      validateResult(result, place, names),
    ),
    // Of the class and of the claim.
    ...validateList(devices.config, 2 * most.configs, at.child("config"), (config, place) =>
      validateAllocatedConfiguration(config, place, names),
    ),
    ...(nodeSelector ? validateNodeSelector(nodeSelector.nodeSelectorTerms, field.child("nodeSelector")) : []),
  ];
}

function validateReservations(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const field = statusField.child("reservedFor");
  const { reservedFor = [], allocation } = claim.status ?? {};
  const errors = validateSet(reservedFor, maxReservations, field, validateConsumer, ({ uid }) => uid);
  if (reservedFor.length === 0) return errors;
  if (!allocation) return [...errors, forbidden(field, "may not be specified when `allocated` is not set")];
  const before = new Set(old.status?.reservedFor?.map((one) => JSON.stringify(one)));
  if (!claim.metadata.deletionTimestamp || reservedFor.every((one) => before.has(JSON.stringify(one)))) return errors;
  const text = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
  return [...errors, forbidden(field, text)];
}

/** What is allocated stays so until it is given back. */
export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { allocation, devices } = claim.status ?? {};
  const allocated = new Set(allocation?.devices?.results?.map(deviceId));
  const field = statusField.child("allocation");
  const before = old.status?.allocation;
  const validateDevice = (device: AllocatedDeviceStatus, at: Path) => validateDeviceStatus(device, at, allocated);
  const errors = [
    ...validateReservations(claim, old),
    ...validateSet(devices, Number.POSITIVE_INFINITY, statusField.child("devices"), validateDevice, deviceId),
  ];
  if (!allocation) return errors;
  if (!before) return [...errors, ...validateAllocation(allocation, field, requestNames(claim.spec.devices ?? {}))];
  const changed = validateImmutableField(allocation, before, field);
  return [
    ...errors,
    ...changed.map((error) => ({ ...error, value: goValue("resource.v1.AllocationResult", allocation) })),
  ];
}
