/** Upstream's defaults of volumes. */
import type { Volume } from "../../../openapi/types/core-v1.ts";
import { isLatest } from "../image-name.ts";

/** rw-r--r-- */
const fileMode = 0o644;

type Item = { fieldRef?: { apiVersion?: string }; resourceFieldRef?: { divisor?: string } };

function setItemDefaults(items: Item[] | undefined): void {
  for (const { fieldRef, resourceFieldRef } of items ?? []) {
    if (fieldRef) fieldRef.apiVersion ||= "v1";
    if (resourceFieldRef) resourceFieldRef.divisor ??= "0";
  }
}

/** Sources that hold files of the API. */
function setFileDefaults(volume: Volume): void {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret) secret.defaultMode ??= fileMode;
  if (configMap) configMap.defaultMode ??= fileMode;
  if (downwardAPI) {
    downwardAPI.defaultMode ??= fileMode;
    setItemDefaults(downwardAPI.items);
  }
  if (!projected) return;
  projected.defaultMode ??= fileMode;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
    setItemDefaults(source.downwardAPI?.items);
  }
}

/** Sources of remote and local disks. */
function setDiskDefaults(volume: Volume): void {
  const { hostPath, iscsi, rbd, azureDisk, scaleIO, image } = volume;
  if (hostPath) hostPath.type ??= "";
  if (iscsi) iscsi.iscsiInterface ||= "default";
  if (rbd) {
    rbd.pool ||= "rbd";
    rbd.user ||= "admin";
    rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= "ReadWrite";
    azureDisk.kind ??= "Shared";
    azureDisk.fsType ??= "ext4";
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= "ThinProvisioned";
    scaleIO.fsType ||= "xfs";
  }
  if (image) image.pullPolicy ||= isLatest(image.reference ?? "") ? "Always" : "IfNotPresent";
}

/** A volume without a source is an empty folder. */
export function setVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).filter((key) => key !== "name").length === 0) volume.emptyDir = {};
  setFileDefaults(volume);
  setDiskDefaults(volume);
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (claim) claim.volumeMode ??= "Filesystem";
}
