/** PersistentVolumes (upstream: pkg/registry/core/persistentvolume). */
import { timeText } from "../../../apimachinery/clock.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../../apimachinery/validation/meta.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/names.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../../../openapi/types/core-v1.ts";
import { ageCell } from "../../printers/cells.ts";
import type { Strategy } from "../../strategy.ts";
import { accessModesCell, validateAccessModes, volumeModes } from "../../validation/access-modes.ts";
import { same } from "../../validation/generation.ts";
import { quantityOf, validateBasicResource, validatePositiveQuantity } from "../../validation/quantity.ts";
import { sourceNames, validateSources } from "./sources.ts";
import { volumeWarnings } from "./warnings.ts";

const specField = path("spec");
const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const mountOptions = "volume.beta.kubernetes.io/mount-options";
const policies = ["Delete", "Recycle", "Retain"];
const mountable = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "nfs",
  "rbd",
  "quobyte",
  "iscsi",
  "cinder",
  "cephfs",
  "azureFile",
  "vsphereVolume",
  "azureDisk",
  "photonPersistentDisk",
] as const;

function setDefaults(volume: PersistentVolume): void {
  volume.spec ??= {};
  const spec = volume.spec;
  volume.status ??= {};
  volume.status.phase ||= "Pending";
  spec.persistentVolumeReclaimPolicy ||= "Retain";
  spec.volumeMode ??= "Filesystem";
  if (spec.hostPath) spec.hostPath.type ??= "";
}

function validateCapacity({ capacity = {} }: PersistentVolumeSpec): FieldError[] {
  const field = specField.child("capacity");
  const names = Object.keys(capacity);
  const errors: FieldError[] = [];
  if (names.length === 0) errors.push(required(field, ""));
  if (capacity.storage === undefined || names.length > 1) {
    errors.push(notSupported(field, names.length === 0 ? null : capacity, ["storage"]));
  }
  for (const [name, amount] of Object.entries(capacity)) {
    errors.push(
      ...validateBasicResource(amount, field.key(name)),
      ...validatePositiveQuantity(amount, field.key(name)),
    );
  }
  return errors;
}

const invalidName = (name: string, field: string) =>
  isDNS1123Subdomain(name).map((problem) => invalid(specField.child(field), name, problem));

function validateClasses(spec: PersistentVolumeSpec): FieldError[] {
  const errors = spec.storageClassName ? invalidName(spec.storageClassName, "storageClassName") : [];
  const { volumeMode, volumeAttributesClassName: attributes } = spec;
  if (volumeMode !== undefined && !volumeModes.includes(volumeMode)) {
    errors.push(notSupported(specField.child("volumeMode"), volumeMode, volumeModes));
  }
  if (attributes === undefined) return errors;
  if (attributes === "") {
    errors.push(required(specField.child("volumeAttributesClassName"), "an empty string is disallowed"));
  } else errors.push(...invalidName(attributes, "volumeAttributesClassName"));
  if (spec.csi) return errors;
  return [...errors, required(specField.child("csi"), "has to be specified when using volumeAttributesClassName")];
}

function validate({ metadata, spec = {} }: PersistentVolume): FieldError[] {
  const modes = specField.child("accessModes");
  const errors = spec.accessModes?.length ? [] : [required(modes, "")];
  errors.push(...validateAccessModes(spec.accessModes, modes), ...validateCapacity(spec));
  const policy = spec.persistentVolumeReclaimPolicy;
  const policyField = specField.child("persistentVolumeReclaimPolicy");
  if (policy && !policies.includes(policy)) errors.push(notSupported(policyField, policy, policies));
  const affinity = specField.child("nodeAffinity");
  if (spec.nodeAffinity && !spec.nodeAffinity.required) {
    errors.push(required(affinity.child("required"), "must specify required node constraints"));
  }
  errors.push(...validateSources(spec, specField));
  const localAlone = spec.local && sourceNames.filter((name) => spec[name] !== undefined).length === 1;
  if (localAlone && !spec.nodeAffinity?.required) {
    errors.push(required(affinity, "Local volume requires node affinity"));
  }
  if (spec.hostPath && /^\/+$/.test(spec.hostPath.path) && policy === "Recycle") {
    errors.push(forbidden(policyField, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  errors.push(...validateClasses(spec));
  const options = metadata.annotations?.[mountOptions] !== undefined;
  if (options && !mountable.some((name) => spec[name] !== undefined)) {
    const field = path("metadata", "annotations", mountOptions);
    errors.push(forbidden(field, "may not specify mount options for this volume type"));
  }
  return errors;
}

/** The part of the spec that says where the bytes are. A secret for growing may be added later. */
function sourceOf(spec: PersistentVolumeSpec = {}, other: PersistentVolumeSpec = {}): Record<string, unknown> {
  const source: Record<string, unknown> = {};
  for (const name of sourceNames) if (spec[name] !== undefined) source[name] = spec[name];
  if (spec.csi?.controllerExpandSecretRef && other.csi && !other.csi.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...csi } = spec.csi;
    source.csi = csi;
  }
  return source;
}

function validateUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validate(volume);
  if (!same(sourceOf(volume.spec, old.spec), sourceOf(old.spec))) {
    const field = specField.child("persistentvolumesource");
    errors.push(forbidden(field, "spec.persistentvolumesource is immutable after creation\n"));
  }
  errors.push(...validateImmutableField(volume.spec?.volumeMode, old.spec?.volumeMode, path("volumeMode")));
  if (old.spec?.nodeAffinity) {
    const field = path("nodeAffinity");
    if (!same(volume.spec?.nodeAffinity, old.spec.nodeAffinity)) {
      errors.push(
        invalid(
          field,
          volume.spec?.nodeAffinity ?? null,
          "field is immutable, except for updating from beta label to GA",
        ),
      );
    }
  }
  const attributes = "volumeAttributesClassName";
  if (old.spec?.[attributes] !== undefined && volume.spec?.[attributes] === undefined) {
    errors.push(forbidden(specField.child(attributes), "update from non-nil value to nil is forbidden"));
  }
  return errors;
}

/** persistentvolumes */
export const persistentVolumeStrategy: Strategy<PersistentVolume> = {
  returnsDeleted: true,
  setDefaults,
  prepareForCreate(volume, { clock }) {
    volume.status = { phase: "Pending", lastPhaseTransitionTime: timeText(clock.now()) };
  },
  validate,
  warningsOnCreate: volumeWarnings,
  prepareForUpdate(volume, old) {
    volume.status = old.status;
  },
  validateUpdate,
  warningsOnUpdate: volumeWarnings,
  selectableFields: ({ metadata }) => ({ name: metadata.name }),
  cells({ metadata, spec = {}, status }, { now }) {
    const claim = spec.claimRef;
    return [
      metadata.name,
      String(quantityOf(spec.capacity?.storage)),
      accessModesCell(spec.accessModes),
      spec.persistentVolumeReclaimPolicy ?? "",
      metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? ""),
      claim ? `${claim.namespace ?? ""}/${claim.name ?? ""}` : "",
      metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? "",
      spec.volumeAttributesClassName ?? "<unset>",
      status?.reason ?? "",
      ageCell(metadata.creationTimestamp, now),
      spec.volumeMode ?? "<unset>",
    ];
  },
  updateSubresources: {
    status: {
      prepareForUpdate(volume, old, { clock }) {
        volume.spec = old.spec;
        volume.status ??= {};
        const status = volume.status;
        const before = old.status?.lastPhaseTransitionTime;
        const moved = status.phase !== old.status?.phase;
        if (!moved && status.lastPhaseTransitionTime === undefined) status.lastPhaseTransitionTime = before;
        const untouched = !status.lastPhaseTransitionTime || status.lastPhaseTransitionTime === before;
        if (moved && untouched) status.lastPhaseTransitionTime = timeText(clock.now());
      },
    },
  },
};
