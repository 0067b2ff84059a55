/** Volumes of pods: one source each (upstream: ValidateVolumes, validateVolumeSource). */
import { parseQuantity } from "../../../apimachinery/quantity.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { validateAnnotations, validateLabels } from "../../../apimachinery/validation/meta.ts";
import { isDNS1123Label, nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { Volume } from "../../../openapi/types/core-v1.ts";
import { validateClaimSpec } from "../../core/persistentvolumeclaim/validation.ts";
import * as disks from "./disks.ts";
import { configMap, downwardAPI, secret } from "./files.ts";
import { projected } from "./projected.ts";

/** What a source's validation sees besides the source. */
interface Place {
  readonly volumeName: string;
  readonly volumePath: Path;
  readonly podName: string;
  readonly isPod: boolean;
}

type Validate<Name extends keyof Volume> = (
  source: NonNullable<Volume[Name]>,
  path: Path,
  place: Place,
) => FieldError[];

function emptyDir({ sizeLimit }: NonNullable<Volume["emptyDir"]>, path: Path): FieldError[] {
  if (sizeLimit === undefined || parseQuantity(sizeLimit).sign() >= 0) return [];
  return [forbidden(path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity")];
}

function ephemeral(
  { volumeClaimTemplate: template }: NonNullable<Volume["ephemeral"]>,
  path: Path,
  { podName, volumeName, volumePath }: Place,
): FieldError[] {
  const at = path.child("volumeClaimTemplate");
  const errors: FieldError[] = [];
  if (!template) errors.push(required(at, ""));
  else {
    const { annotations, labels, ...others } = template.metadata ?? {};
    const meta = at.child("metadata");
    errors.push(...validateAnnotations(annotations, meta.child("annotations")));
    errors.push(...validateLabels(labels, meta.child("labels")));
    errors.push(...Object.keys(others).map((name) => forbidden(meta.child(name), "cannot be set")));
    errors.push(...validateClaimSpec(template.spec ?? {}, at.child("spec")));
  }
  if (!podName || !volumeName) return errors;
  const claim = `${podName}-${volumeName}`;
  const problems = nameIsDNSSubdomain(claim, false).map((problem) => `PVC name ${JSON.stringify(claim)}: ${problem}`);
  return [...errors, ...problems.map((problem) => invalid(volumePath.child("name"), volumeName, problem))];
}

function image(
  { reference, pullPolicy = "" }: NonNullable<Volume["image"]>,
  path: Path,
  { isPod }: Place,
): FieldError[] {
  const errors = isPod && !reference ? [required(path.child("reference"), "")] : [];
  const policies = ["Always", "IfNotPresent", "Never"];
  if (pullPolicy === "") errors.push(required(path.child("pullPolicy"), ""));
  else if (!policies.includes(pullPolicy)) errors.push(notSupported(path.child("pullPolicy"), pullPolicy, policies));
  return errors;
}

/** In upstream's order: the first is taken, the others are one too many. */
const validators: { readonly [Name in keyof Volume]?: Validate<Name> } = {
  emptyDir,
  hostPath: disks.hostPath,
  gitRepo: disks.gitRepo,
  gcePersistentDisk: disks.gcePersistentDisk,
  awsElasticBlockStore: disks.awsElasticBlockStore,
  secret,
  nfs: disks.nfs,
  iscsi: (source, path, { volumeName, volumePath }) => disks.iscsi(source, path, volumeName, volumePath),
  glusterfs: disks.glusterfs,
  flocker: disks.flocker,
  persistentVolumeClaim: ({ claimName }, path) => disks.needed(path, { claimName }),
  rbd: disks.rbd,
  cinder: disks.cinder,
  cephfs: disks.cephfs,
  quobyte: disks.quobyte,
  downwardAPI,
  fc: disks.fc,
  flexVolume: disks.flexVolume,
  configMap,
  azureFile: disks.azureFile,
  vsphereVolume: ({ volumePath }, path) => disks.needed(path, { volumePath }),
  photonPersistentDisk: ({ pdID }, path) => disks.needed(path, { pdID }),
  portworxVolume: ({ volumeID }, path) => disks.needed(path, { volumeID }),
  azureDisk: disks.azureDisk,
  storageos: disks.storageos,
  projected,
  scaleIO: disks.scaleIO,
  csi: disks.csi,
  ephemeral,
  image,
};

/** Fields that upstream reports under other names than they have. */
const reportedAs: Record<string, string> = { gcePersistentDisk: "persistentDisk" };
const reportedTwiceAs: Record<string, string> = { cephfs: "cephFS", downwardAPI: "downwarAPI" };

function validateSources(volume: Volume, place: Place): FieldError[] {
  const errors: FieldError[] = [];
  const { volumePath: path } = place;
  let found = 0;
  for (const [name, validate] of Object.entries(validators)) {
    const source = volume[name as keyof Volume];
    if (source === undefined) continue;
    found++;
    if (found > 1) {
      errors.push(forbidden(path.child(reportedTwiceAs[name] ?? name), "may not specify more than 1 volume type"));
      continue;
    }
    errors.push(...(validate as Validate<never>)(source as never, path.child(reportedAs[name] ?? name), place));
  }
  if (found === 0) errors.push(required(path, "must specify a volume type"));
  return errors;
}

/** All volumes. `valid` are those without a fault: mounts of others are not found. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string,
  isPod: boolean,
  path: Path,
): { errors: FieldError[]; valid: Map<string, Volume> } {
  const errors: FieldError[] = [];
  const valid = new Map<string, Volume>();
  const made = new Set(
    (volumes ?? []).filter((one) => one.ephemeral && podName).map(({ name }) => `${podName}-${name}`),
  );
  for (const [index, volume] of (volumes ?? []).entries()) {
    const at = path.index(index);
    const name = volume.name ?? "";
    const own = validateSources(volume, { volumeName: name, volumePath: at, podName, isPod });
    if (name === "") own.push(required(at.child("name"), ""));
    else own.push(...isDNS1123Label(name).map((problem) => invalid(at.child("name"), name, problem)));
    if (valid.has(name)) own.push(duplicate(at.child("name"), name));
    if (own.length === 0) valid.set(name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim === undefined || !made.has(claim)) continue;
    const text = "must not reference a PVC that gets created for an ephemeral volume";
    errors.push(invalid(at.child("persistentVolumeClaim", "claimName"), claim, text));
  }
  return { errors, valid };
}
