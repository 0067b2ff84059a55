/** Slices of a driver's devices (upstream: pkg/apis/resource/validation). */
import { type FieldError, invalid, type Path, path, required } from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type {
  CounterSet,
  Device,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from "../../openapi/types/resource-v1.ts";
import { validateDriverName } from "../core/persistentvolume/sources.ts";
import { goNodeSelectorTerm } from "../pod-spec/go-values.ts";
import { placement, validateCounterSetName, validateCounters, validateDevice } from "./device-validation.ts";
import { validateSet } from "./lists.ts";
import { validatePoolName } from "./names.ts";

const specField = path("spec");
const maxDevices = 128;
/** Where devices have taints or take from counters, which costs the scheduler more. */
const maxAdvancedDevices = 64;
const maxCounterSets = 8;

function validatePool({ name, resourceSliceCount = 0, generation = 0 }: ResourcePool, field: Path): FieldError[] {
  const errors = validatePoolName(name, field.child("name"));
  if (resourceSliceCount <= 0) {
    errors.push(invalid(field.child("resourceSliceCount"), resourceSliceCount, "must be greater than zero"));
  }
  if (generation >= 0) return errors;
  return [...errors, invalid(field.child("generation"), generation, "must be greater than or equal to zero")];
}

/** Where the slice's devices are is said in one way. */
function validateNodes(spec: ResourceSliceSpec): FieldError[] {
  const { errors, set } = placement(spec, specField, "must be either unset or set to a non-empty string");
  const terms = spec.nodeSelector?.nodeSelectorTerms;
  if (spec.nodeSelector && terms?.length !== 1) {
    const at = specField.child("nodeSelector", "nodeSelectorTerms");
    const shown = terms?.map(goNodeSelectorTerm) ?? null;
    errors.push(invalid(at, shown, "must have exactly one node selector term"));
  }
  const perDevice = specField.child("perDeviceNodeSelection");
  if (spec.perDeviceNodeSelection) set.push("`perDeviceNodeSelection`");
  else if (spec.perDeviceNodeSelection === false) {
    errors.push(invalid(perDevice, false, "must be either unset or set to true"));
  }
  const text = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
  if (set.length === 0) return [...errors, required(specField, text)];
  if (set.length === 1) return errors;
  return [...errors, invalid(specField, `{${set.join(", ")}}`, `${text}, but multiple fields are set`)];
}

const validateCounterSet = ({ name, counters }: CounterSet, field: Path) => [
  ...validateCounterSetName(name, field.child("name")),
  ...validateCounters(counters, field.child("counters")),
];

const isAdvanced = ({ taints = [], consumesCounters = [] }: Device) => taints.length + consumesCounters.length > 0;

function validateContent(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldError[] {
  const { devices, sharedCounters } = spec;
  const before = new Map(old?.devices?.map((device) => [device.name, device]));
  const isPerDevice = spec.perDeviceNodeSelection === true;
  const validateOne = (device: Device, at: Path) => validateDevice(device, before.get(device.name), at, isPerDevice);
  const most = devices?.some(isAdvanced) ? maxAdvancedDevices : maxDevices;
  const nameOf = ({ name }: { name: string }) => name;
  const both = sharedCounters !== undefined && devices !== undefined;
  return [
    ...(both ? [invalid(specField, "", "only one of `sharedCounters` or `devices` is allowed")] : []),
    ...validateSet(devices, most, specField.child("devices"), validateOne, nameOf),
    ...validateSet(sharedCounters, maxCounterSets, specField.child("sharedCounters"), validateCounterSet, nameOf),
  ];
}

/** A new slice, or one that replaces `old`: of the same driver, pool and node. */
export function validateSlice({ spec }: ResourceSlice, old?: ResourceSlice): FieldError[] {
  const pool = specField.child("pool");
  const errors = [
    ...validateDriverName(spec.driver, specField.child("driver")),
    ...validatePool(spec.pool, pool),
    ...validateNodes(spec),
    ...validateContent(spec, old?.spec),
  ];
  if (!old) return errors;
  return [
    ...errors,
    ...validateImmutableField(spec.pool.name, old.spec.pool.name, pool.child("name")),
    ...validateImmutableField(spec.driver, old.spec.driver, specField.child("driver")),
    ...validateImmutableField(spec.nodeName, old.spec.nodeName, specField.child("nodeName")),
  ];
}
