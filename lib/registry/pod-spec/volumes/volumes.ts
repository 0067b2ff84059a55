/** Volumes of pods: one source each, and what each source needs. */

import { parseQuantity } from "../../../apimachinery/quantity.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  type Path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { isDNS1123Label, isDNS1123Subdomain, nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { KeyToPath, Volume, VolumeProjection } from "../../../openapi/types/core-v1.ts";
import { validateFieldRef, validateResourceFieldRef } from "../env.ts";
import { validateLocalPath } from "../security-context.ts";

const volumeFieldPaths = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

/** All volumes; names are unique. */
export function validateVolumes(volumes: readonly Volume[] | undefined, podName: string, path: Path): FieldError[] {
  const names = new Set<string>();
  return (volumes ?? []).flatMap((volume, index) => {
    const at = path.index(index);
    const errors = validateSources(volume, podName, at);
    if (!volume.name) errors.push(required(at.child("name"), ""));
    else errors.push(...isDNS1123Label(volume.name).map((problem) => invalid(at.child("name"), volume.name, problem)));
    if (volume.name && names.has(volume.name)) errors.push(duplicate(at.child("name"), volume.name));
    names.add(volume.name);
    return errors;
  });
}

/** In upstream's order: the first is taken, the others are one too many. */
const validators: { [source in keyof Volume]?: (volume: Volume, path: Path, podName: string) => FieldError[] } = {
  emptyDir({ emptyDir }, path) {
    const limit = emptyDir?.sizeLimit;
    if (limit === undefined || parseQuantity(limit).sign() >= 0) return [];
    return [forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")];
  },
  hostPath({ hostPath }, path) {
    const errors: FieldError[] = [];
    if (!hostPath?.path) return [required(path.child("path"), "")];
    if (hostPath.path.split("/").includes(".."))
      errors.push(invalid(path.child("path"), hostPath.path, "must not contain '..'"));
    if (!hostPathTypes.includes(hostPath.type ?? "")) {
      errors.push(notSupported(path.child("type"), hostPath.type ?? "", hostPathTypes));
    }
    return errors;
  },
  gitRepo: ({ gitRepo }, path) => need(path, { repository: gitRepo?.repository }),
  gcePersistentDisk: ({ gcePersistentDisk }, path) => need(path, { pdName: gcePersistentDisk?.pdName }),
  awsElasticBlockStore: ({ awsElasticBlockStore }, path) => need(path, { volumeID: awsElasticBlockStore?.volumeID }),
  secret({ secret }, path) {
    return [
      ...need(path, { secretName: secret?.secretName }),
      ...mode(secret?.defaultMode, path.child("defaultMode")),
      ...items(secret?.items, path.child("items")),
    ];
  },
  nfs({ nfs }, path) {
    const errors = need(path, { server: nfs?.server, path: nfs?.path });
    if (nfs?.path && !nfs.path.startsWith("/"))
      errors.push(invalid(path.child("path"), nfs.path, "must be an absolute path"));
    return errors;
  },
  iscsi({ iscsi }, path) {
    const errors = need(path, { targetPortal: iscsi?.targetPortal, iqn: iscsi?.iqn });
    if (iscsi && ((iscsi.lun ?? 0) < 0 || (iscsi.lun ?? 0) > 255)) {
      errors.push(invalid(path.child("lun"), iscsi.lun, "must be between 0 and 255, inclusive"));
    }
    return errors;
  },
  glusterfs: ({ glusterfs }, path) => need(path, { endpoints: glusterfs?.endpoints, path: glusterfs?.path }),
  flocker: () => [],
  persistentVolumeClaim: ({ persistentVolumeClaim }, path) =>
    need(path, { claimName: persistentVolumeClaim?.claimName }),
  rbd({ rbd }, path) {
    const errors = need(path, { image: rbd?.image });
    if (!rbd?.monitors?.length) errors.push(required(path.child("monitors"), ""));
    return errors;
  },
  cinder: ({ cinder }, path) => need(path, { volumeID: cinder?.volumeID }),
  cephfs: ({ cephfs }, path) => (cephfs?.monitors?.length ? [] : [required(path.child("monitors"), "")]),
  quobyte: ({ quobyte }, path) => need(path, { registry: quobyte?.registry, volume: quobyte?.volume }),
  downwardAPI({ downwardAPI }, path) {
    const files = (downwardAPI?.items ?? []).flatMap((file, index) =>
      downwardFile(file, path.child("items").index(index)),
    );
    return [...mode(downwardAPI?.defaultMode, path.child("defaultMode")), ...files];
  },
  fc({ fc }, path) {
    if (fc?.targetWWNs?.length || fc?.wwids?.length) return [];
    return [required(path.child("targetWWNs"), "must specify either targetWWNs or wwids, but not both")];
  },
  flexVolume: ({ flexVolume }, path) => need(path, { driver: flexVolume?.driver }),
  configMap({ configMap }, path) {
    return [
      ...need(path, { name: configMap?.name }),
      ...mode(configMap?.defaultMode, path.child("defaultMode")),
      ...items(configMap?.items, path.child("items")),
    ];
  },
  azureFile: ({ azureFile }, path) =>
    need(path, { secretName: azureFile?.secretName, shareName: azureFile?.shareName }),
  vsphereVolume: ({ vsphereVolume }, path) => need(path, { volumePath: vsphereVolume?.volumePath }),
  photonPersistentDisk: ({ photonPersistentDisk }, path) => need(path, { pdID: photonPersistentDisk?.pdID }),
  portworxVolume: ({ portworxVolume }, path) => need(path, { volumeID: portworxVolume?.volumeID }),
  azureDisk: ({ azureDisk }, path) => need(path, { diskName: azureDisk?.diskName, diskURI: azureDisk?.diskURI }),
  storageos: () => [],
  projected({ projected }, path) {
    return [...mode(projected?.defaultMode, path.child("defaultMode")), ...projections(projected?.sources ?? [], path)];
  },
  scaleIO({ scaleIO }, path) {
    return need(path, { gateway: scaleIO?.gateway, system: scaleIO?.system, volumeName: scaleIO?.volumeName });
  },
  csi({ csi }, path) {
    const { driver } = csi ?? {};
    if (!driver) return [required(path.child("driver"), "")];
    return isDNS1123Subdomain(driver.toLowerCase()).map((problem) => invalid(path.child("driver"), driver, problem));
  },
  ephemeral({ ephemeral, name }, path, podName) {
    const template = ephemeral?.volumeClaimTemplate;
    if (!template) return [required(path.child("volumeClaimTemplate"), "")];
    const errors: FieldError[] = [];
    const at = path.child("volumeClaimTemplate", "spec");
    if (!template.spec?.accessModes?.length)
      errors.push(required(at.child("accessModes"), "at least 1 access mode is required"));
    if (template.spec?.resources?.requests?.storage === undefined) {
      errors.push(required(at.child("resources").key("storage"), ""));
    }
    const claim = `${podName}-${name}`;
    if (podName && nameIsDNSSubdomain(claim, false).length > 0) {
      errors.push(invalid(path, claim, "the name of the claim that is made of pod and volume is too long"));
    }
    return errors;
  },
  image: ({ image }, path) => need(path, { reference: image?.reference }),
};

function validateSources(volume: Volume, podName: string, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const [source, validate] of Object.entries(validators)) {
    if (volume[source as keyof Volume] === undefined) continue;
    found++;
    if (found > 1) errors.push(forbidden(path.child(source), "may not specify more than 1 volume type"));
    else errors.push(...validate(volume, path.child(source), podName));
  }
  if (found === 0) errors.push(required(path, "must specify a volume type"));
  return errors;
}

/** Fields that must not be empty. */
function need(path: Path, fields: Record<string, string | undefined>): FieldError[] {
  return Object.entries(fields)
    .filter(([, value]) => !value)
    .map(([name]) => required(path.child(name), ""));
}

function mode(value: number | undefined, path: Path): FieldError[] {
  if (value === undefined || (value >= 0 && value <= 0o777)) return [];
  return [invalid(path, value, "must be a number between 0 and 0777 (octal), both inclusive")];
}

/** Keys of a ConfigMap or Secret, and the files that they become. */
function items(list: readonly KeyToPath[] | undefined, path: Path): FieldError[] {
  return (list ?? []).flatMap((item, index) => {
    const at = path.index(index);
    const errors = need(at, { key: item.key });
    if (!item.path) errors.push(required(at.child("path"), ""));
    else errors.push(...relative(item.path, at.child("path")));
    return [...errors, ...mode(item.mode, at.child("mode"))];
  });
}

function relative(text: string, path: Path): FieldError[] {
  const errors = validateLocalPath(text, path);
  if (text.startsWith("..") && errors.length === 0) errors.push(invalid(path, text, "must not start with '..'"));
  return errors;
}

type DownwardFile = NonNullable<NonNullable<Volume["downwardAPI"]>["items"]>[number];

function downwardFile(file: DownwardFile, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!file.path) errors.push(required(path.child("path"), ""));
  else errors.push(...relative(file.path, path.child("path")));
  if (file.fieldRef) {
    const allowed = volumeFieldPaths;
    errors.push(...validateFieldRef(file.fieldRef, allowed, true, path.child("fieldRef")));
    if (file.resourceFieldRef)
      errors.push(invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
  } else if (file.resourceFieldRef) {
    errors.push(...validateResourceFieldRef(file.resourceFieldRef, true, path.child("resourceFieldRef")));
  } else errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
  return [...errors, ...mode(file.mode, path.child("mode"))];
}

/** The sources of a projected volume; no two may make the same file. */
function projections(sources: readonly VolumeProjection[], path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  const take = (file: string | undefined, name: string) => {
    if (!file) return;
    if (taken.has(file)) errors.push(invalid(path, name, "conflicting duplicate paths"));
    taken.add(file);
  };
  for (const [index, source] of sources.entries()) {
    const at = path.child("sources").index(index);
    const given = Object.keys(source);
    for (const extra of given.slice(1))
      errors.push(forbidden(at.child(extra), "may not specify more than 1 volume type per source"));
    const { secret, configMap, downwardAPI, serviceAccountToken: token, clusterTrustBundle } = source;
    if (given.length === 0) errors.push(required(at, "must specify a volume type"));
    for (const [name, projected] of [
      ["secret", secret],
      ["configMap", configMap],
    ] as const) {
      if (!projected) continue;
      errors.push(
        ...need(at.child(name), { name: projected.name }),
        ...items(projected.items, at.child(name, "items")),
      );
      for (const item of projected.items ?? []) take(item.path, projected.name ?? "");
    }
    for (const [place, file] of (downwardAPI?.items ?? []).entries()) {
      errors.push(...downwardFile(file, at.child("downwardAPI", "items").index(place)));
      take(file.path, "downwardAPI");
    }
    if (token) errors.push(...projectedToken(token, at.child("serviceAccountToken")));
    take(token?.path, "serviceAccountToken");
    if (clusterTrustBundle) take(clusterTrustBundle.path, "clusterTrustBundle");
  }
  return errors;
}

function projectedToken(
  { expirationSeconds = 0, path: file }: { expirationSeconds?: number; path?: string },
  path: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child("expirationSeconds");
  if (expirationSeconds < 600)
    errors.push(invalid(at, expirationSeconds, "may not specify a duration less than 10 minutes"));
  if (expirationSeconds > 2 ** 32)
    errors.push(invalid(at, expirationSeconds, "may not specify a duration larger than 2^32 seconds"));
  if (!file) errors.push(required(path.child("path"), ""));
  else errors.push(...relative(file, path.child("path")));
  return errors;
}

type Mount = {
  name: string;
  mountPath: string;
  subPath?: string;
  subPathExpr?: string;
  mountPropagation?: string;
  readOnly?: boolean;
  recursiveReadOnly?: string;
};

/** What a container mounts, against the volumes of its pod. */
export function validateVolumeMounts(
  mounts: readonly Mount[] | undefined,
  volumes: ReadonlyMap<string, Volume>,
  devices: ReadonlySet<string>,
  privileged: boolean,
  path: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  for (const [index, mount] of (mounts ?? []).entries()) {
    const at = path.index(index);
    if (!mount.name) errors.push(required(at.child("name"), ""));
    if (!mount.mountPath) errors.push(required(at.child("mountPath"), ""));
    if (!volumes.has(mount.name)) errors.push(notFound(at.child("name"), mount.name));
    if (paths.has(mount.mountPath)) errors.push(invalid(at.child("mountPath"), mount.mountPath, "must be unique"));
    paths.add(mount.mountPath);
    if (devices.has(mount.mountPath)) {
      errors.push(invalid(at.child("mountPath"), mount.mountPath, "must not already exist as a path in volumeDevices"));
    }
    if (mount.subPath) errors.push(...validateLocalPath(mount.subPath, path.child("subPath")));
    if (mount.subPathExpr) {
      if (mount.subPath) {
        errors.push(
          invalid(at.child("subPathExpr"), mount.subPathExpr, "subPathExpr and subPath are mutually exclusive"),
        );
      }
      errors.push(...validateLocalPath(mount.subPathExpr, path.child("subPathExpr")));
    }
    errors.push(...propagation(mount, privileged, path), ...recursive(mount, at.child("recursiveReadOnly")));
  }
  return errors;
}

function propagation({ mountPropagation: value }: Mount, privileged: boolean, path: Path): FieldError[] {
  if (value === undefined) return [];
  const at = path.child("mountPropagation");
  const errors: FieldError[] = [];
  const known = ["Bidirectional", "HostToContainer", "None"];
  if (!known.includes(value)) errors.push(notSupported(at, value, known));
  if (value === "Bidirectional" && !privileged) {
    errors.push(forbidden(at, "Bidirectional mount propagation is available only to privileged containers"));
  }
  return errors;
}

function recursive({ recursiveReadOnly: value, readOnly, mountPropagation }: Mount, path: Path): FieldError[] {
  if (value === undefined || value === "Disabled") return [];
  if (value !== "Enabled" && value !== "IfPossible")
    return [notSupported(path, value, ["Disabled", "Enabled", "IfPossible"])];
  const errors: FieldError[] = [];
  if (!readOnly) errors.push(forbidden(path, "may only be specified when readOnly is true"));
  if (mountPropagation !== undefined && mountPropagation !== "None") {
    errors.push(forbidden(path, "may only be specified when mountPropagation is None or not specified"));
  }
  return errors;
}

/** Block devices of a container. */
export function validateVolumeDevices(
  devices: readonly { name: string; devicePath: string }[] | undefined,
  volumes: ReadonlyMap<string, Volume>,
  path: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  for (const [index, { name, devicePath }] of (devices ?? []).entries()) {
    const at = path.index(index);
    if (!name) errors.push(required(at.child("name"), ""));
    const volume = volumes.get(name);
    if (!volume) errors.push(notFound(at.child("name"), name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      errors.push(
        invalid(
          at.child("name"),
          name,
          "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
        ),
      );
    }
    if (!devicePath) errors.push(required(at.child("devicePath"), ""));
    else if (paths.has(devicePath)) errors.push(invalid(at.child("devicePath"), devicePath, "must be unique"));
    paths.add(devicePath);
  }
  return errors;
}
