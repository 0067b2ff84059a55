/** Validation of claims (upstream: ValidatePersistentVolumeClaim and its kin). */
import { deepCopy } from "../../../apimachinery/equality.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { validateImmutableField, validateLabelSelector } from "../../../apimachinery/validation/meta.ts";
import { isDNS1123Subdomain, nameIsDNSLabel } from "../../../apimachinery/validation/names.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../../../openapi/types/core-v1.ts";
import { validateAccessModes, volumeModes } from "../../validation/access-modes.ts";
import { same } from "../../validation/generation.ts";
import { quantityOf, validateBasicResource, validatePositiveQuantity } from "../../validation/quantity.ts";
import { validateResourceQuantity } from "../../validation/resource-names.ts";

const specField = path("spec");
const classAnnotation = "volume.beta.kubernetes.io/storage-class";

const nameErrors = (name: string | undefined, field: Path) =>
  name ? isDNS1123Subdomain(name).map((problem) => invalid(field, name, problem)) : [];

/** The spec of a claim, also of one in a StatefulSet's template. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  const modes = field.child("accessModes");
  if (!spec.accessModes?.length) errors.push(required(modes, "at least 1 access mode is required"));
  if (spec.selector) errors.push(...validateLabelSelector(spec.selector, field.child("selector")));
  errors.push(...validateAccessModes(spec.accessModes, modes));
  const size = spec.resources?.requests?.storage;
  const sizeField = field.child("resources").key("storage");
  if (size === undefined) errors.push(required(sizeField, ""));
  else {
    const problems = validatePositiveQuantity(size, sizeField);
    errors.push(...(problems.length > 0 ? problems : validateResourceQuantity("storage", size, sizeField)));
  }
  errors.push(...nameErrors(spec.storageClassName, field.child("storageClassName")));
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(notSupported(field.child("volumeMode"), spec.volumeMode, volumeModes));
  }
  errors.push(...validateSources(spec, field));
  return [...errors, ...nameErrors(spec.volumeAttributesClassName, field.child("volumeAttributesClassName"))];
}

interface Source {
  apiGroup?: string;
  kind?: string;
  name?: string;
  namespace?: string;
}

function validateSource(source: Source, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!source.name) errors.push(required(field.child("name"), ""));
  if (!source.kind) errors.push(required(field.child("kind"), ""));
  if (!source.apiGroup && source.kind !== "PersistentVolumeClaim") {
    const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(field, source.kind ?? "", text));
  }
  errors.push(...nameErrors(source.apiGroup, field.child("apiGroup")));
  const { namespace } = source;
  if (!namespace) return errors;
  const at = field.child("namespace");
  return [...errors, ...nameIsDNSLabel(namespace, false).map((problem) => invalid(at, namespace, problem))];
}

function validateSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...validateSource(dataSource, field.child("dataSource")));
  if (dataSourceRef) errors.push(...validateSource(dataSourceRef, field.child("dataSourceRef")));
  if (!dataSource || !dataSourceRef) return errors;
  const shown = field.child("dataSource").toString();
  if (dataSourceRef.namespace) {
    errors.push(invalid(field, shown, "may not be specified when dataSourceRef.namespace is specified"));
  } else if (!sameSource(dataSource, dataSourceRef)) errors.push(invalid(field, shown, "must match dataSourceRef"));
  return errors;
}

const sameSource = (a: Source, b: Source) =>
  (a.apiGroup ?? "") === (b.apiGroup ?? "") && a.kind === b.kind && a.name === b.name;

/** What may change: the volume's name once, and of a bound claim its size and attributes. */
export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validateClaimSpec(claim.spec, specField);
  const [now, before] = [deepCopy(claim.spec), deepCopy(old.spec)];
  if (!old.spec.volumeName) before.volumeName = now.volumeName;
  const annotation = claim.metadata.annotations?.[classAnnotation];
  const oldAnnotation = old.metadata.annotations?.[classAnnotation];
  if (oldAnnotation !== undefined && before.storageClassName === undefined && now.storageClassName === oldAnnotation) {
    delete now.storageClassName;
  } else {
    if (annotation !== oldAnnotation) {
      const field = path("metadata", "annotations").key(classAnnotation);
      errors.push(invalid(field, annotation ?? "", "field is immutable"));
    }
    const upgraded = before.storageClassName === undefined && oldAnnotation === undefined;
    if (upgraded && now.storageClassName !== undefined) delete now.storageClassName;
  }
  if (claim.status?.phase === "Bound") {
    const requests = now.resources?.requests;
    const size = before.resources?.requests?.storage;
    if (requests && size !== undefined) requests.storage = size;
    now.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  if (!same(now, before)) {
    const text =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    errors.push(forbidden(specField, `${text}\n`));
  }
  return [...errors, ...validateSize(claim, old), ...validateAttributes(claim, old)];
}

/** A claim may shrink back to what it has, where its growth failed. */
function validateSize(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  const size = quantityOf(claim.spec.resources?.requests?.storage);
  const held = quantityOf(old.status?.capacity?.storage);
  if (size.cmp(quantityOf(old.spec.resources?.requests?.storage)) < 0 && size.cmp(held) <= 0) {
    const field = specField.child("resources", "requests", "storage");
    errors.push(forbidden(field, "field can not be less than status.capacity"));
  }
  return [...errors, ...validateImmutableField(claim.spec.volumeMode, old.spec.volumeMode, path("volumeMode"))];
}

function validateAttributes(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const name = claim.spec.volumeAttributesClassName;
  const current = old.status?.currentVolumeAttributesClassName;
  if (name || current === undefined || name === old.spec.volumeAttributesClassName) return [];
  const what = name === undefined ? "nil" : "empty string";
  const text = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden(specField.child("volumeAttributesClassName"), text)];
}

/** Amounts of a claim's status. */
export function validateClaimStatus({ spec, status }: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.accessModes?.length) errors.push(required(path("Spec", "accessModes"), ""));
  for (const name of ["capacity", "allocatedResources"] as const) {
    for (const [key, amount] of Object.entries(status?.[name] ?? {})) {
      errors.push(...validateBasicResource(amount, path("status", name).key(key)));
    }
  }
  return errors;
}
