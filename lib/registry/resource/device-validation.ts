/** Devices (upstream: pkg/apis/resource/validation). */
import {
  type FieldError,
  invalid,
  type Path,
  required,
  tooLong,
  tooMany,
} from "../../apimachinery/validation/field.ts";
import { isDNS1123Subdomain } from "../../apimachinery/validation/names.ts";
import type { Counter, Device, DeviceAttribute, DeviceCounterConsumption } from "../../openapi/types/resource-v1.ts";
import { validateNodeSelector } from "../pod-spec/affinity.ts";
import { same } from "../validation/generation.ts";
import { goValue } from "../validation/go-value.ts";
import { validateBindingConditions } from "./binding-conditions.ts";
import { validateDeviceTaint } from "./device-taints.ts";
import { validateList, validateSet } from "./lists.ts";
import { validateLabel, validateQualifiedName } from "./names.ts";
import { validateCapacity } from "./request-policy.ts";

const maxValues = 32;
const maxValueBytes = 64;
const maxTaints = 16;
const maxConsumptions = 2;
const maxCounters = 32;

const number = "(0|[1-9]\\d*)";
const label = "(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
const build = "[0-9a-zA-Z-]+";
/** semver.org, 2.0.0 */
const semver = new RegExp(`^${number}\\.${number}\\.${number}(-${label}(\\.${label})*)?(\\+${build}(\\.${build})*)?$`);

function validateAttribute(attribute: DeviceAttribute, field: Path): FieldError[] {
  const { string, version } = attribute;
  const isLong = (text: string | undefined) => Buffer.byteLength(text ?? "") > maxValueBytes;
  const errors = isLong(string) ? [tooLong(field.child("string"), maxValueBytes)] : [];
  const at = field.child("version");
  if (version !== undefined && !semver.test(version)) {
    errors.push(invalid(at, version, "must be a string compatible with semver.org spec 2.0.0"));
  }
  if (isLong(version)) errors.push(tooLong(at, maxValueBytes));
  const count = Object.values(attribute).filter((value) => value !== undefined).length;
  if (count === 1) return errors;
  const shown = count === 0 ? "" : goValue("resource.v1.DeviceAttribute", attribute);
  return [...errors, invalid(field, shown, "exactly one value must be specified")];
}

function validateMap<T>(
  map: Record<string, T> | undefined,
  field: Path,
  validate: (item: T, at: Path) => FieldError[],
) {
  return Object.entries(map ?? {}).flatMap(([key, item]) => [
    ...validateQualifiedName(key, field),
    ...validate(item, field.key(key)),
  ]);
}

/** Counters by their names, which are DNS labels: at least one. */
export function validateCounters(counters: Record<string, Counter> | undefined, field: Path): FieldError[] {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return [required(field, "")];
  if (names.length > maxCounters) return [tooMany(field, names.length, maxCounters)];
  return names.flatMap((name) => validateLabel(name, field));
}

/** The name of a set of counters. */
export const validateCounterSetName = (name: string | undefined, field: Path): FieldError[] =>
  name ? validateLabel(name, field) : [required(field, "")];

const validateConsumption = ({ counterSet, counters }: DeviceCounterConsumption, field: Path) => [
  ...validateCounterSetName(counterSet, field.child("counterSet")),
  ...validateCounters(counters, field.child("counters")),
];

/** Where a device is: of what can say so, which do. */
interface Placed {
  readonly nodeName?: string;
  readonly nodeSelector?: Device["nodeSelector"];
  readonly allNodes?: boolean;
}

/** Which of nodeName, nodeSelector and allNodes are set, in backquotes, and what is wrong with them. */
export function placement({ nodeName, nodeSelector, allNodes }: Placed, field: Path, emptyText: string) {
  const errors: FieldError[] = [];
  const set: string[] = [];
  const at = field.child("nodeName");
  if (nodeName) {
    set.push("`nodeName`");
    errors.push(...isDNS1123Subdomain(nodeName).map((problem) => invalid(at, nodeName, problem)));
  } else if (nodeName !== undefined) errors.push(invalid(at, nodeName, emptyText));
  if (nodeSelector) {
    set.push("`nodeSelector`");
    errors.push(...validateNodeSelector(nodeSelector.nodeSelectorTerms, field.child("nodeSelector")));
  }
  if (allNodes) set.push("`allNodes`");
  else if (allNodes === false) {
    errors.push(invalid(field.child("allNodes"), allNodes, "must be either unset or set to true"));
  }
  return { errors, set };
}

function validatePlacement(device: Device, field: Path, isPerDevice: boolean): FieldError[] {
  const when = "if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
  if (!isPerDevice) {
    const { nodeName, nodeSelector, allNodes } = device;
    if (nodeName === undefined && nodeSelector === undefined && allNodes === undefined) return [];
    return [invalid(field, null, `\`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set ${when}`)];
  }
  const { errors, set } = placement(device, field, "must not be empty");
  const text = `exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` is required ${when.replace("if", "when")}`;
  if (set.length === 0) return [...errors, required(field, text)];
  return set.length === 1 ? errors : [...errors, invalid(field, `{${set.join(", ")}}`, text)];
}

/** A device of a slice; `old` is the one of its name before. */
export function validateDevice(device: Device, old: Device | undefined, field: Path, isPerDevice: boolean) {
  const { attributes = {}, capacity = {}, taints, consumesCounters } = device;
  const errors = validateLabel(device.name, field.child("name"));
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > maxValues) {
    errors.push(invalid(field, count, `the total number of attributes and capacities must not exceed ${maxValues}`));
  }
  errors.push(...validateMap(device.attributes, field.child("attributes"), validateAttribute));
  if (!old || !same(old.capacity, device.capacity)) {
    const isShared = device.allowMultipleAllocations === true;
    errors.push(
      ...validateMap(device.capacity, field.child("capacity"), (one, at) => validateCapacity(one, at, isShared)),
    );
  }
  if (!old || !same(old.taints, taints)) {
    errors.push(...validateList(taints, maxTaints, field.child("taints"), validateDeviceTaint));
  }
  const at = field.child("consumesCounters");
  const setOf = ({ counterSet }: DeviceCounterConsumption) => counterSet;
  return [
    ...errors,
    ...validateSet(consumesCounters, maxConsumptions, at, validateConsumption, setOf),
    ...validatePlacement(device, field, isPerDevice),
    ...validateBindingConditions(device, field),
  ];
}
