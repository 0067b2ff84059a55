/** Warnings about claims (upstream: pkg/api/persistentvolumeclaim/util.go). */
import { parseQuantity } from "../../../apimachinery/quantity.ts";
import { type Path, path } from "../../../apimachinery/validation/field.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../../../openapi/types/core-v1.ts";

const classAnnotation = "volume.beta.kubernetes.io/storage-class";

/** What a client should know of the spec of a claim. */
export function claimSpecWarnings(spec: PersistentVolumeClaimSpec, field: Path): string[] {
  return (["requests", "limits"] as const).flatMap((name) => {
    const size = spec.resources?.[name]?.storage;
    if (size === undefined || parseQuantity(size).milliValue() % 1000n === 0n) return [];
    const at = field.child("resources", name).key("storage");
    return [`${at}: fractional byte value "${parseQuantity(size)}" is invalid, must be an integer`];
  });
}

/** What a client should know of a claim. */
export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const warnings: string[] = [];
  if (metadata.annotations?.[classAnnotation] !== undefined) {
    const field = path("metadata", "annotations").key(classAnnotation);
    warnings.push(`${field}: deprecated since v1.8; use "storageClassName" attribute instead`);
  }
  return [...warnings, ...claimSpecWarnings(spec, path("spec"))];
}
