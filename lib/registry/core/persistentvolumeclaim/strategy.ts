/** PersistentVolumeClaims (upstream: pkg/registry/core/persistentvolumeclaim). */
import { path } from "../../../apimachinery/validation/field.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../../../openapi/types/core-v1.ts";
import { ageCell } from "../../printers/cells.ts";
import type { Strategy } from "../../strategy.ts";
import { accessModesCell } from "../../validation/access-modes.ts";
import { validateClaimSpec, validateClaimStatus, validateClaimUpdate } from "./validation.ts";
import { claimWarnings } from "./warnings.ts";

const classAnnotation = "volume.beta.kubernetes.io/storage-class";

/** Defaults of a claim's spec, also of one in a StatefulSet's template. */
export function setClaimSpecDefaults(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= "Filesystem";
}

const snapshots = "snapshot.storage.k8s.io";

/** Data sources that were never understood are dropped silently; the two fields for them follow each other (KEP-1495). */
function normalizeSources(spec: PersistentVolumeClaimSpec, old?: PersistentVolumeClaimSpec): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  const { dataSource } = spec;
  if (dataSource && !spec.dataSourceRef && !old?.dataSource && !old?.dataSourceRef) {
    const claim = dataSource.kind === "PersistentVolumeClaim" && !dataSource.apiGroup;
    const snapshot = dataSource.kind === "VolumeSnapshot" && dataSource.apiGroup === snapshots;
    if (!claim && !snapshot) delete spec.dataSource;
  }
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    spec.dataSource = { ...spec.dataSourceRef };
  }
}

function statusCell({ metadata, status }: PersistentVolumeClaim): string {
  return metadata.deletionTimestamp ? "Terminating" : (status?.phase ?? "");
}

/** persistentvolumeclaims */
export const persistentVolumeClaimStrategy: Strategy<PersistentVolumeClaim> = {
  returnsDeleted: true,
  setDefaults(claim) {
    claim.status ??= {};
    claim.status.phase ||= "Pending";
    setClaimSpecDefaults(claim.spec);
  },
  prepareForCreate(claim) {
    claim.status = { phase: "Pending" };
    normalizeSources(claim.spec);
  },
  validate: ({ spec }) => validateClaimSpec(spec, path("spec")),
  warningsOnCreate: claimWarnings,
  prepareForUpdate(claim, old) {
    claim.status = old.status;
    normalizeSources(claim.spec, old.spec);
    normalizeSources(old.spec, old.spec);
  },
  validateUpdate: validateClaimUpdate,
  warningsOnUpdate: claimWarnings,
  selectableFields: ({ metadata }) => ({ name: metadata.name }),
  cells(claim, { now }) {
    const { metadata, spec, status } = claim;
    const bound = Boolean(spec.volumeName);
    return [
      metadata.name,
      statusCell(claim),
      spec.volumeName ?? "",
      bound ? (status?.capacity?.storage ?? "0") : "",
      bound ? accessModesCell(status?.accessModes) : "",
      metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? "",
      spec.volumeAttributesClassName ?? "<unset>",
      ageCell(metadata.creationTimestamp, now),
      spec.volumeMode ?? "<unset>",
    ];
  },
  updateSubresources: {
    status: {
      prepareForUpdate(claim, old) {
        claim.spec = old.spec;
      },
      validateUpdate: validateClaimStatus,
    },
  },
};
