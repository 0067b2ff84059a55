/** Warnings about volumes (upstream: pkg/api/persistentvolume/util.go). */
import { path } from "../../../apimachinery/validation/field.ts";
import type { PersistentVolume } from "../../../openapi/types/core-v1.ts";

const annotations = {
  "volume.beta.kubernetes.io/storage-class": 'deprecated since v1.8; use "storageClassName" attribute instead',
  "volume.beta.kubernetes.io/mount-options": 'deprecated since v1.31; use "mountOptions" attribute instead',
};

/** Sources whose storage Kubernetes does not speak to any more: since when deprecated, since when without effect. */
const sources = {
  cephfs: ["cephfs", "v1.28", "v1.31"],
  photonPersistentDisk: ["photonPersistentDisk", "v1.11", "v1.16"],
  scaleIO: ["scaleIO", "v1.16", "v1.22"],
  storageos: ["storageOS", "v1.22", "v1.25"],
  glusterfs: ["glusterfs", "v1.25", "v1.26"],
  rbd: ["rbd", "v1.28", "v1.31"],
} as const;

/** What a client should know of a volume. */
export function volumeWarnings({ metadata, spec = {} }: PersistentVolume): string[] {
  const warnings: string[] = [];
  for (const [key, text] of Object.entries(annotations)) {
    if (metadata.annotations?.[key] !== undefined)
      warnings.push(`${path("metadata", "annotations").key(key)}: ${text}`);
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    const text =
      "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
    warnings.push(`spec.persistentVolumeReclaimPolicy: ${text}`);
  }
  for (const [name, [shown, deprecated, gone]] of Object.entries(sources)) {
    if (spec[name as keyof typeof sources] === undefined) continue;
    warnings.push(`spec.${shown}: deprecated in ${deprecated}, non-functional in ${gone}+`);
  }
  return warnings;
}
