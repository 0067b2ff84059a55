/** Validation of metadata and label selectors (upstream: apimachinery/pkg/api/validation, apis/meta/v1/validation). */
import { semanticEqual } from "../equality.ts";
import type { LabelSelector } from "../labels.ts";
import { type ManagedFieldsEntry, type ObjectMeta, type OwnerReference, parseApiVersion } from "../meta.ts";
import { isPrintable, quote } from "../quote.ts";
import { type FieldError, forbidden, invalid, type Path, required, tooLong } from "./field.ts";
import { isQualifiedName, isValidLabelValue, nameIsDNSLabel } from "./names.ts";

/** Problems of a name, as strategies give them. */
export type NameValidator = (name: string, prefix: boolean) => string[];

const maxAnnotationBytes = 256 * 1024;
/** What is said of a field that may not change. */
export const immutableText = "field is immutable";

/** Keys and values. */
export function validateLabels(labels: Record<string, string> | undefined, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.push(...isQualifiedName(key).map((problem) => invalid(field, key, problem)));
    errors.push(...isValidLabelValue(value).map((problem) => invalid(field, value, problem)));
  }
  return errors;
}

/** Keys, and the size of all. */
export function validateAnnotations(annotations: Record<string, string> | undefined, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.push(...isQualifiedName(key.toLowerCase()).map((problem) => invalid(field, key, problem)));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxAnnotationBytes) errors.push(tooLong(field, maxAnnotationBytes));
  return errors;
}

function validateOwnerReference(owner: OwnerReference, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  const gv = parseApiVersion(owner.apiVersion ?? "") ?? { group: "", version: "" };
  if (gv.version === "") {
    errors.push(invalid(field.child("apiVersion"), owner.apiVersion ?? "", "version must not be empty"));
  }
  for (const name of ["kind", "name", "uid"] as const) {
    if (!owner[name]) errors.push(invalid(field.child(name), owner[name] ?? "", "must not be empty"));
  }
  if (gv.group === "" && gv.version === "v1" && owner.kind === "Event") {
    errors.push(invalid(field, owner, "/v1, Kind=Event is disallowed from being an owner"));
  }
  return errors;
}

/** Each reference, and that one at most is the controller. */
export function validateOwnerReferences(owners: readonly OwnerReference[] | undefined, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  let first = "";
  for (const owner of owners ?? []) {
    errors.push(...validateOwnerReference(owner, field));
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (first === "") first = name;
    else {
      const text = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${name}`;
      errors.push(invalid(field, owners, text));
    }
  }
  return errors;
}

/** Names, and that two of them exclude each other. */
export function validateFinalizers(finalizers: readonly string[] | undefined, field: Path): FieldError[] {
  const list = finalizers ?? [];
  const errors = list.flatMap((name) => isQualifiedName(name).map((problem) => invalid(field, name, problem)));
  if (list.includes("foregroundDeletion") && list.includes("orphan")) {
    errors.push(invalid(field, list, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  return errors;
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[] | undefined, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, entry] of (entries ?? []).entries()) {
    const at = field.index(index);
    if (entry.operation !== "Apply" && entry.operation !== "Update") {
      errors.push(invalid(at.child("operation"), entry.operation ?? "", "must be `Apply` or `Update`"));
    }
    if (entry.fieldsType && entry.fieldsType !== "FieldsV1") {
      errors.push(invalid(at.child("fieldsType"), entry.fieldsType, "must be `FieldsV1`"));
    }
    errors.push(...validateFieldManager(entry.manager ?? "", at.child("manager")));
    if (Buffer.byteLength(entry.subresource ?? "") > 256) errors.push(tooLong(at.child("subresource"), 256));
  }
  return errors;
}

/** At most 128 bytes, all printable. */
export function validateFieldManager(manager: string, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > 128) errors.push(tooLong(field, 128));
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      errors.push(invalid(field, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(character);
  }
  return errors;
}

/** metadata of a new object. */
export function validateObjectMeta(
  meta: Partial<ObjectMeta>,
  namespaced: boolean,
  validateName: NameValidator,
  field: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName) {
    const problems = validateName(meta.generateName, true);
    errors.push(...problems.map((problem) => invalid(field.child("generateName"), meta.generateName, problem)));
  }
  if (!meta.name) errors.push(required(field.child("name"), "name or generateName is required"));
  else
    errors.push(...validateName(meta.name, false).map((problem) => invalid(field.child("name"), meta.name, problem)));
  errors.push(...validateNamespace(meta.namespace, namespaced, field.child("namespace")));
  if ((meta.generation ?? 0) < 0) {
    errors.push(invalid(field.child("generation"), meta.generation, "must be greater than or equal to 0"));
  }
  return [
    ...errors,
    ...validateLabels(meta.labels, field.child("labels")),
    ...validateAnnotations(meta.annotations, field.child("annotations")),
    ...validateOwnerReferences(meta.ownerReferences, field.child("ownerReferences")),
    ...validateFinalizers(meta.finalizers, field.child("finalizers")),
    ...validateManagedFields(meta.managedFields, field.child("managedFields")),
  ];
}

function validateNamespace(namespace: string | undefined, namespaced: boolean, field: Path): FieldError[] {
  if (!namespaced) return namespace ? [forbidden(field, "not allowed on this type")] : [];
  if (!namespace) return [required(field, "")];
  return nameIsDNSLabel(namespace, false).map((problem) => invalid(field, namespace, problem));
}

const frozen = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

/** metadata of an object that replaces another version of it. */
export function validateObjectMetaUpdate(
  meta: Partial<ObjectMeta>,
  old: Partial<ObjectMeta>,
  field: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const added = [...new Set((meta.finalizers ?? []).filter((name) => !old.finalizers?.includes(name)))].sort();
    if (added.length > 0) {
      const list = added.map(quote).join(", ");
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      errors.push(forbidden(field.child("finalizers"), text));
    }
  }
  if (!meta.resourceVersion) {
    errors.push(invalid(field.child("resourceVersion"), "", "must be specified for an update"));
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(field.child("generation"), meta.generation ?? 0, "must not be decremented"));
  }
  for (const name of frozen) errors.push(...validateImmutableField(meta[name], old[name], field.child(name)));
  return [
    ...errors,
    ...validateLabels(meta.labels, field.child("labels")),
    ...validateAnnotations(meta.annotations, field.child("annotations")),
    ...validateOwnerReferences(meta.ownerReferences, field.child("ownerReferences")),
    ...validateManagedFields(meta.managedFields, field.child("managedFields")),
  ];
}

/** An error where the value has changed. */
export function validateImmutableField(value: unknown, old: unknown, field: Path): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(field, value, immutableText)];
}

/** What a label selector may leave out of its checks. */
export interface LabelSelectorOptions {
  readonly allowInvalidLabelValue?: boolean;
  readonly allowUnknownOperator?: boolean;
}

/** Labels and expressions. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  field: Path,
  options: LabelSelectorOptions = {},
): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, field.child("matchLabels"));
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateExpression(expression, field.child("matchExpressions").index(index), options));
  }
  return errors;
}

type Expression = NonNullable<LabelSelector["matchExpressions"]>[number];

function validateExpression(
  { key, operator, values = [] }: Expression,
  field: Path,
  options: LabelSelectorOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const valuesField = field.child("values");
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) {
      errors.push(required(valuesField, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0) {
      errors.push(forbidden(valuesField, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
  } else if (!options.allowUnknownOperator) {
    errors.push(invalid(field.child("operator"), operator ?? "", "not a valid selector operator"));
  }
  errors.push(...isQualifiedName(key ?? "").map((problem) => invalid(field.child("key"), key ?? "", problem)));
  if (options.allowInvalidLabelValue) return errors;
  for (const [index, value] of values.entries()) {
    errors.push(...isValidLabelValue(value).map((problem) => invalid(valuesField.index(index), value, problem)));
  }
  return errors;
}
