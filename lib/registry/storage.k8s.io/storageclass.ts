/** StorageClasses (upstream: pkg/registry/storage/storageclass). */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import type { StorageClass } from "../../openapi/types/storage-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";

const defaults = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const reclaimPolicies = ["Delete", "Retain"];
const bindingModes = ["Immediate", "WaitForFirstConsumer"];
const maxParameters = 512;
const maxParametersBytes = 256 * 1024;
const immutable = ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const;

/** Parameters of a driver: keys that are there, not too many and not too large. */
export function validateParameters(
  parameters: Record<string, string> | undefined,
  allowEmpty: boolean,
  field: Path,
): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > maxParameters) return [tooLong(field, maxParameters)];
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === "") errors.push(invalid(field, key, "field can not be empty."));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxParametersBytes) errors.push(tooLong(field, maxParametersBytes));
  if (allowEmpty || entries.length > 0) return errors;
  return [...errors, required(field, "must contain at least one key/value pair")];
}

function validateTopologies({ allowedTopologies = [] }: StorageClass): FieldError[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) => {
    const field = path("allowedTopologies").index(index).child("matchLabelExpressions");
    const seen = new Set<string>();
    return matchLabelExpressions.flatMap(({ key, values = [] }, position) => {
      const at = field.index(position);
      const errors: FieldError[] = [];
      if (values.length === 0) errors.push(required(at.child("values"), ""));
      for (const [place, value] of values.entries()) {
        if (values.indexOf(value) < place) errors.push(duplicate(at.child("values").index(place), value));
      }
      errors.push(...isQualifiedName(key).map((problem) => invalid(at.child("key"), key, problem)));
      if (seen.has(key)) errors.push(duplicate(at.child("key"), key));
      seen.add(key);
      return errors;
    });
  });
}

function validate(object: StorageClass): FieldError[] {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode } = object;
  const field = path("provisioner");
  const errors: FieldError[] = provisioner
    ? isQualifiedName(provisioner.toLowerCase()).map((problem) => invalid(field, provisioner.toLowerCase(), problem))
    : [required(field, "")];
  errors.push(...validateParameters(parameters, true, path("parameters")));
  if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
    errors.push(notSupported(path("reclaimPolicy"), reclaimPolicy, reclaimPolicies));
  }
  if (volumeBindingMode === undefined) errors.push(required(path("volumeBindingMode"), ""));
  else if (!bindingModes.includes(volumeBindingMode)) {
    errors.push(notSupported(path("volumeBindingMode"), volumeBindingMode, bindingModes));
  }
  return [...errors, ...validateTopologies(object)];
}

/** storageclasses.storage.k8s.io */
export const storageClassStrategy: Strategy<StorageClass> = {
  returnsDeleted: true,
  setDefaults(object) {
    object.reclaimPolicy ??= "Delete";
    object.volumeBindingMode ??= "Immediate";
  },
  validate,
  validateUpdate: (object, old) =>
    immutable.flatMap((name) => validateImmutableField(object[name], old[name], path(name))),
  cells: (object, { now }) => [
    `${object.metadata.name}${defaults.some((name) => object.metadata.annotations?.[name] === "true") ? " (default)" : ""}`,
    object.provisioner,
    object.reclaimPolicy ?? "Delete",
    object.volumeBindingMode ?? "Immediate",
    object.allowVolumeExpansion ?? false,
    ageCell(object.metadata.creationTimestamp, now),
  ],
};
