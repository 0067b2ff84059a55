/** Volumes on remote and local disks: what each source needs. */
import {
  type FieldError,
  invalid,
  notSupported,
  notSupportedAsListed,
  type Path,
  required,
  tooLong,
} from "../../../apimachinery/validation/field.ts";
import {
  inclusiveRangeError,
  isDNS1123Label,
  isDNS1123Subdomain,
  nameIsDNSSubdomain,
} from "../../../apimachinery/validation/names.ts";
import type { Volume } from "../../../openapi/types/core-v1.ts";
import { validateLocalDescendingPath, validatePathNoBacksteps } from "./paths.ts";

/** The source of one sort. */
type Source<Name extends keyof Volume> = NonNullable<Volume[Name]>;

/** Fields that must not be empty. */
export function needed(path: Path, fields: Record<string, string | undefined>): FieldError[] {
  const missing = Object.entries(fields).filter(([, value]) => !value);
  return missing.map(([name]) => required(path.child(name), ""));
}

/** The types of a hostPath, in a pod or in a PersistentVolume. */
export const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

/** hostPath */
export function hostPath({ path: folder, type = "" }: Source<"hostPath">, path: Path): FieldError[] {
  if (!folder) return [required(path.child("path"), "")];
  const errors = validatePathNoBacksteps(folder, path.child("path"));
  return hostPathTypes.includes(type) ? errors : [...errors, notSupported(path.child("type"), type, hostPathTypes)];
}

/** gitRepo */
export function gitRepo({ repository, directory = "" }: Source<"gitRepo">, path: Path): FieldError[] {
  return [...needed(path, { repository }), ...validateLocalDescendingPath(directory, path.child("directory"))];
}

function partition(value: number | undefined, path: Path): FieldError[] {
  if (value === undefined || (value >= 0 && value <= 255)) return [];
  return [invalid(path.child("partition"), value, inclusiveRangeError(1, 255))];
}

/** gcePersistentDisk; upstream reports it as persistentDisk. */
export const gcePersistentDisk = (source: Source<"gcePersistentDisk">, path: Path): FieldError[] => [
  ...needed(path, { pdName: source.pdName }),
  ...partition(source.partition, path),
];

/** awsElasticBlockStore */
export const awsElasticBlockStore = (source: Source<"awsElasticBlockStore">, path: Path): FieldError[] => [
  ...needed(path, { volumeID: source.volumeID }),
  ...partition(source.partition, path),
];

/** nfs */
export function nfs({ server, path: folder }: Source<"nfs">, path: Path): FieldError[] {
  const errors = needed(path, { server, path: folder });
  if (folder?.startsWith("/")) return errors;
  return [...errors, invalid(path.child("path"), folder ?? "", "must be an absolute path")];
}

const iscsiNames: Record<string, RegExp> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function iscsiName(name: string, at: Path): FieldError[] {
  const regex = iscsiNames[name.slice(0, 3)];
  if (!regex) return [invalid(at, name, "must be valid format starting with iqn, eui, or naa")];
  return regex.test(name) ? [] : [invalid(at, name, "must be valid format")];
}

function lun(value: number, path: Path): FieldError[] {
  return value < 0 || value > 255 ? [invalid(path.child("lun"), value, inclusiveRangeError(0, 255))] : [];
}

/** iscsi */
export function iscsi(source: Source<"iscsi">, path: Path, volumeName: string, volumePath: Path): FieldError[] {
  const { targetPortal = "", iqn = "", initiatorName } = source;
  const errors = needed(path, { targetPortal, iqn });
  if (iqn !== "") errors.push(...iscsiName(iqn, path.child("iqn")));
  errors.push(...lun(source.lun ?? 0, path));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(required(path.child("secretRef"), ""));
  }
  if (initiatorName === undefined) return errors;
  errors.push(...iscsiName(initiatorName, path.child("initiatorname")));
  if (`${volumeName}:${targetPortal}`.length > 64) {
    const text =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
    errors.push(invalid(volumePath.child("name"), volumeName, text));
  }
  return errors;
}

/** glusterfs */
export const glusterfs = ({ endpoints, path: folder }: Source<"glusterfs">, path: Path): FieldError[] =>
  needed(path, { endpoints, path: folder });

/** flocker */
export function flocker({ datasetName = "", datasetUUID = "" }: Source<"flocker">, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (datasetName === "" && datasetUUID === "") {
    errors.push(required(path, "one of datasetName and datasetUUID is required"));
  }
  if (datasetName !== "" && datasetUUID !== "") {
    errors.push(invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  }
  if (datasetName.includes("/")) errors.push(invalid(path.child("datasetName"), datasetName, "must not contain '/'"));
  return errors;
}

/** rbd */
export function rbd({ monitors, image }: Source<"rbd">, path: Path): FieldError[] {
  const errors = monitors?.length ? [] : [required(path.child("monitors"), "")];
  return [...errors, ...needed(path, { image })];
}

const secretRefName = (secretRef: { name?: string } | undefined, path: Path): FieldError[] =>
  secretRef ? needed(path.child("secretRef"), { name: secretRef.name }) : [];

/** cinder */
export const cinder = ({ volumeID, secretRef }: Source<"cinder">, path: Path): FieldError[] => [
  ...needed(path, { volumeID }),
  ...secretRefName(secretRef, path),
];

/** cephfs */
export const cephfs = ({ monitors }: Source<"cephfs">, path: Path): FieldError[] =>
  monitors?.length ? [] : [required(path.child("monitors"), "")];

const hostPort = /^(\[[^\]]*\]|[^:[\]]*):[^:]*$/;

/** quobyte */
export function quobyte({ registry = "", tenant = "", volume }: Source<"quobyte">, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const text = "must be a host:port pair or multiple pairs separated by commas";
  if (registry === "") errors.push(required(path.child("registry"), text));
  else if (tenant.length >= 65) {
    errors.push(required(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters"));
  } else {
    const wrong = registry.split(",").filter((pair) => !hostPort.test(pair));
    errors.push(...wrong.map(() => invalid(path.child("registry"), registry, text)));
  }
  return [...errors, ...needed(path, { volume })];
}

/** fc */
export function fc({ targetWWNs = [], wwids = [], lun: unit }: Source<"fc">, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child("targetWWNs");
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(at, "must specify either targetWWNs or wwids, but not both"));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(invalid(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  }
  if (targetWWNs.length === 0) return errors;
  if (unit === undefined) errors.push(required(path.child("lun"), "lun is required if targetWWNs is specified"));
  else errors.push(...lun(unit, path));
  return errors;
}

/** flexVolume */
export function flexVolume({ driver, options = {} }: Source<"flexVolume">, path: Path): FieldError[] {
  const reserved = Object.keys(options).filter((key) => {
    const namespace = `.${key.split("/", 1)[0].toLowerCase()}`;
    return namespace.endsWith(".kubernetes.io") || namespace.endsWith(".k8s.io");
  });
  const text = "kubernetes.io and k8s.io namespaces are reserved";
  return [...needed(path, { driver }), ...reserved.map((key) => invalid(path.child("options").key(key), key, text))];
}

/** azureFile */
export const azureFile = ({ secretName, shareName }: Source<"azureFile">, path: Path): FieldError[] =>
  needed(path, { secretName, shareName });

/** azureDisk */
export function azureDisk(source: Source<"azureDisk">, path: Path): FieldError[] {
  const { diskName, diskURI = "", cachingMode, kind } = source;
  const errors = needed(path, { diskName, diskURI });
  const modes = ["None", "ReadOnly", "ReadWrite"];
  const kinds = ["Dedicated", "Managed", "Shared"];
  if (cachingMode !== undefined && !modes.includes(cachingMode)) {
    errors.push(notSupported(path.child("cachingMode"), cachingMode, modes));
  }
  if (kind !== undefined && !kinds.includes(kind)) errors.push(notSupported(path.child("kind"), kind, kinds));
  const at = path.child("diskURI");
  if (kind === "Managed" && !diskURI.startsWith("/subscriptions/")) {
    const form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
    errors.push(notSupportedAsListed(at, diskURI, [form]));
  }
  if (kind !== undefined && kind !== "Managed" && !diskURI.startsWith("https://")) {
    const form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
    errors.push(notSupportedAsListed(at, diskURI, [form]));
  }
  return errors;
}

/** storageos */
export function storageos(source: Source<"storageos">, path: Path): FieldError[] {
  const { volumeName, volumeNamespace, secretRef } = source;
  const label = (value: string, at: Path) => isDNS1123Label(value).map((problem) => invalid(at, value, problem));
  return [
    ...(volumeName ? label(volumeName, path.child("volumeName")) : [required(path.child("volumeName"), "")]),
    ...(volumeNamespace ? label(volumeNamespace, path.child("volumeNamespace")) : []),
    ...secretRefName(secretRef, path),
  ];
}

/** scaleIO */
export const scaleIO = ({ gateway, system, volumeName }: Source<"scaleIO">, path: Path): FieldError[] =>
  needed(path, { gateway, system, volumeName });

/** csi */
export function csi({ driver, nodePublishSecretRef }: Source<"csi">, path: Path): FieldError[] {
  const at = path.child("driver");
  const errors: FieldError[] = [];
  if (!driver) errors.push(required(at, ""));
  else {
    if (driver.length > 63) errors.push(tooLong(at, 63));
    errors.push(...isDNS1123Subdomain(driver.toLowerCase()).map((problem) => invalid(at, driver, problem)));
  }
  if (!nodePublishSecretRef) return errors;
  const { name } = nodePublishSecretRef;
  if (!name) return [...errors, required(path.child("nodePublishSecretRef", "name"), "")];
  return [...errors, ...nameIsDNSSubdomain(name, false).map((problem) => invalid(path.child("name"), name, problem))];
}
