/** What containers mount, against the volumes of their pod. */
import {
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  type Path,
  required,
} from "../../../apimachinery/validation/field.ts";
import type { Volume, VolumeDevice, VolumeMount } from "../../../openapi/types/core-v1.ts";
import type { AnyContainer } from "../visit.ts";
import { validateLocalDescendingPath, validatePathNoBacksteps } from "./paths.ts";

type Volumes = ReadonlyMap<string, Volume>;

function validatePropagation(mode: string | undefined, container: AnyContainer, path: Path): FieldError[] {
  if (mode === undefined) return [];
  const known = ["Bidirectional", "HostToContainer", "None"];
  if (!known.includes(mode)) return [notSupported(path, mode, known)];
  if (mode !== "Bidirectional" || container.securityContext?.privileged) return [];
  return [forbidden(path, "Bidirectional mount propagation is available only to privileged containers")];
}

function validateRecursiveReadOnly(mount: VolumeMount, path: Path): FieldError[] {
  const { recursiveReadOnly: mode, readOnly, mountPropagation } = mount;
  if (mode === undefined || mode === "Disabled") return [];
  if (mode !== "Enabled" && mode !== "IfPossible") {
    return [notSupported(path, mode, ["Disabled", "Enabled", "IfPossible"])];
  }
  const errors: FieldError[] = [];
  if (!readOnly) errors.push(forbidden(path, "may only be specified when readOnly is true"));
  if (mountPropagation !== undefined && mountPropagation !== "None") {
    errors.push(forbidden(path, "may only be specified when mountPropagation is None or not specified"));
  }
  return errors;
}

/** Paths below the volume; upstream's paths of these have no index. */
function validateSubPaths({ subPath, subPathExpr }: VolumeMount, at: Path, path: Path): FieldError[] {
  const errors = subPath ? validateLocalDescendingPath(subPath, path.child("subPath")) : [];
  if (!subPathExpr) return errors;
  if (subPath) {
    const text = "subPathExpr and subPath are mutually exclusive";
    errors.push(invalid(at.child("subPathExpr"), subPathExpr, text));
  }
  return [...errors, ...validateLocalDescendingPath(subPathExpr, path.child("subPathExpr"))];
}

/** The mounts of a container. */
export function validateVolumeMounts(container: AnyContainer, volumes: Volumes, path: Path): FieldError[] {
  const devices = container.volumeDevices ?? [];
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const at = path.index(index);
    const { name = "", mountPath = "" } = mount;
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(at.child("name"), ""));
    if (!volumes.has(name)) errors.push(notFound(at.child("name"), name));
    if (mountPath === "") errors.push(required(at.child("mountPath"), ""));
    if (paths.has(mountPath)) errors.push(invalid(at.child("mountPath"), mountPath, "must be unique"));
    paths.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalid(at.child("name"), name, "must not already exist in volumeDevices"));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      const text = "must not already exist as a path in volumeDevices";
      errors.push(invalid(at.child("mountPath"), mountPath, text));
    }
    return [
      ...errors,
      ...validateSubPaths(mount, at, path),
      ...validatePropagation(mount.mountPropagation, container, path.child("mountPropagation")),
      ...validateRecursiveReadOnly(mount, path.child("recursiveReadOnly")),
    ];
  });
}

function validateDeviceVolume(name: string, volumes: Volumes, at: Path): FieldError[] {
  const volume = volumes.get(name);
  if (!volume) return [notFound(at.child("name"), name)];
  if (volume.persistentVolumeClaim || volume.ephemeral) return [];
  const text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
  return [invalid(at.child("name"), name, text)];
}

function validateDevicePath(device: string, paths: Set<string>, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (device === "") errors.push(required(at, ""));
  if (paths.has(device)) errors.push(invalid(at, device, "must be unique"));
  if (validatePathNoBacksteps(device, at).length > 0) {
    errors.push(invalid(at, device, "can not contain backsteps ('..')"));
  } else paths.add(device);
  return errors;
}

/** The raw block devices of a container. */
export function validateVolumeDevices(container: AnyContainer, volumes: Volumes, path: Path): FieldError[] {
  const mounts = container.volumeMounts ?? [];
  const names = new Set<string>();
  const paths = new Set<string>();
  return (container.volumeDevices ?? []).flatMap(({ name = "", devicePath = "" }: VolumeDevice, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(at.child("name"), ""));
    if (names.has(name)) errors.push(invalid(at.child("name"), name, "must be unique"));
    if (name !== "") names.add(name);
    errors.push(...validateDeviceVolume(name, volumes, at));
    errors.push(...validateDevicePath(devicePath, paths, at.child("devicePath")));
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(at.child("name"), name, "must not already exist in volumeMounts"));
    }
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      errors.push(invalid(at.child("devicePath"), devicePath, "must not already exist as a path in volumeMounts"));
    }
    return errors;
  });
}
