/** Where the bytes of a volume are: exactly one source, with what each must say (upstream: pkg/apis/core/validation). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
  tooLong,
} from "../../../apimachinery/validation/field.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../apimachinery/validation/names.ts";
import type {
  CSIPersistentVolumeSource,
  HostPathVolumeSource,
  LocalVolumeSource,
  NFSVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
} from "../../../openapi/types/core-v1.ts";
import { hostPathTypes } from "../../pod-spec/volumes/disks.ts";

/** The names of the fields, in the order in which upstream looks at them. */
export const sourceNames = [
  "hostPath",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "flocker",
  "nfs",
  "rbd",
  "quobyte",
  "cephfs",
  "iscsi",
  "cinder",
  "fc",
  "flexVolume",
  "azureFile",
  "vsphereVolume",
  "photonPersistentDisk",
  "portworxVolume",
  "azureDisk",
  "scaleIO",
  "local",
  "storageos",
  "csi",
] as const;

/** What each of the sources of old must name; the storage behind them is gone from Kubernetes, the fields are not. */
const neededBySource: Readonly<Record<string, readonly string[]>> = {
  gcePersistentDisk: ["pdName"],
  awsElasticBlockStore: ["volumeID"],
  glusterfs: ["endpoints", "path"],
  rbd: ["monitors", "image"],
  quobyte: ["registry", "volume"],
  cephfs: ["monitors"],
  iscsi: ["targetPortal", "iqn"],
  cinder: ["volumeID"],
  flexVolume: ["driver"],
  azureFile: ["secretName", "shareName"],
  vsphereVolume: ["volumePath"],
  photonPersistentDisk: ["pdID"],
  portworxVolume: ["volumeID"],
  azureDisk: ["diskName", "diskURI"],
  scaleIO: ["gateway", "system", "volumeName"],
};

function validatePath(text: string | undefined, field: Path): FieldError[] {
  if (!text) return [required(field, "")];
  return text.split("/").includes("..") ? [invalid(field, text, "must not contain '..'")] : [];
}

function validateHostPath(source: HostPathVolumeSource, field: Path): FieldError[] {
  const errors = validatePath(source.path, field.child("path"));
  const type = source.type ?? "";
  if (!source.path || hostPathTypes.includes(type)) return errors;
  return [...errors, notSupported(field.child("type"), type, hostPathTypes)];
}

function validateNFS({ server, path }: NFSVolumeSource, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!server) errors.push(required(field.child("server"), ""));
  if (!path) errors.push(required(field.child("path"), ""));
  if (!path?.startsWith("/")) errors.push(invalid(field.child("path"), path ?? "", "must be an absolute path"));
  return errors;
}

function validateSecret(ref: SecretReference, field: Path): FieldError[] {
  return (
    [
      ["name", isDNS1123Subdomain],
      ["namespace", isDNS1123Label],
    ] as const
  ).flatMap(([name, check]) => {
    const value = ref[name];
    const at = field.child(name);
    return value ? check(value).map((problem) => invalid(at, value, problem)) : [required(at, "")];
  });
}

/** A driver's name: a DNS name of at most 63 bytes, in any case. */
export function validateDriverName(driver: string | undefined, field: Path): FieldError[] {
  if (!driver) return [required(field, "")];
  const errors = Buffer.byteLength(driver) > 63 ? [tooLong(field, 63)] : [];
  return [...errors, ...isDNS1123Subdomain(driver.toLowerCase()).map((problem) => invalid(field, driver, problem))];
}

function validateCSI(source: CSIPersistentVolumeSource, field: Path): FieldError[] {
  const errors = validateDriverName(source.driver, field.child("driver"));
  if (!source.volumeHandle) errors.push(required(field.child("volumeHandle"), ""));
  for (const name of [
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
  ] as const) {
    const ref = source[name];
    if (ref) errors.push(...validateSecret(ref, field.child(name)));
  }
  return errors;
}

function validateSource(name: string, source: object, field: Path): FieldError[] {
  if (name === "hostPath") return validateHostPath(source as HostPathVolumeSource, field);
  if (name === "nfs") return validateNFS(source as NFSVolumeSource, field);
  if (name === "local") return validatePath((source as LocalVolumeSource).path, field.child("path"));
  if (name === "csi") return validateCSI(source as CSIPersistentVolumeSource, field);
  const values = source as Record<string, unknown>;
  const missing = (key: string) => !values[key] || (Array.isArray(values[key]) && values[key].length === 0);
  return (neededBySource[name] ?? []).filter(missing).map((key) => required(field.child(key), ""));
}

/** Exactly one source, and what it must say. */
export function validateSources(spec: PersistentVolumeSpec, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const name of sourceNames) {
    const source = spec[name];
    if (source === undefined) continue;
    const shown = name === "cephfs" && found > 0 ? "cephFS" : name;
    if (found++ > 0) errors.push(forbidden(field.child(shown), "may not specify more than 1 volume type"));
    else errors.push(...validateSource(name, source, field.child(name)));
  }
  if (found === 0) errors.push(required(field, "must specify a volume type"));
  return errors;
}
