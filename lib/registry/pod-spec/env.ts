/** Environment variables. */
import { type FieldError, invalid, notFound, type Path, required } from "../../apimachinery/validation/field.ts";
import {
  isConfigMapKey,
  isDNS1123Label,
  isRelaxedEnvVarName,
  nameIsDNSSubdomain,
} from "../../apimachinery/validation/names.ts";
import type { EnvFromSource, EnvVar, EnvVarSource, PodSpec } from "../../openapi/types/core-v1.ts";
import { validateFieldRef, validateResourceFieldRef } from "./env-sources.ts";
import { allContainers } from "./visit.ts";
import { validatePathNoBacksteps } from "./volumes/paths.ts";

const fieldPaths = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

/** `name` and `key` of a ConfigMap's or Secret's entry. */
function validateKeyRef({ key, name = "" }: { key?: string; name?: string }, path: Path): FieldError[] {
  const errors = nameIsDNSSubdomain(name, false).map((problem) => invalid(path.child("name"), name, problem));
  if (!key) return [...errors, required(path.child("key"), "")];
  return [...errors, ...isConfigMapKey(key).map((problem) => invalid(path.child("key"), key, problem))];
}

function validateFileRef(ref: NonNullable<EnvVarSource["fileKeyRef"]>, path: Path): FieldError[] {
  const { key, volumeName, path: file } = ref;
  const errors: FieldError[] = [];
  if (!key) errors.push(required(path.child("key"), ""));
  else errors.push(...isRelaxedEnvVarName(key).map((problem) => invalid(path.child("key"), key, problem)));
  const at = path.child("volumeName");
  if (!volumeName) errors.push(required(at, ""));
  else errors.push(...isDNS1123Label(volumeName).map((problem) => invalid(at, volumeName, problem)));
  if (!file) return [...errors, required(path.child("path"), "")];
  return [...errors, ...validatePathNoBacksteps(file, path.child("path"))];
}

function validateSource({ value, valueFrom }: EnvVar, path: Path): FieldError[] {
  if (!valueFrom) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  const errors: FieldError[] = [];
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, fieldPaths, path.child("fieldRef")));
  if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, false, path.child("resourceFieldRef")));
  }
  if (configMapKeyRef) errors.push(...validateKeyRef(configMapKeyRef, path.child("configMapKeyRef")));
  if (secretKeyRef) errors.push(...validateKeyRef(secretKeyRef, path.child("secretKeyRef")));
  if (fileKeyRef) errors.push(...validateFileRef(fileKeyRef, path.child("fileKeyRef")));
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean);
  if (given.length === 0) {
    const list = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    errors.push(invalid(path, "", `must specify one of: ${list}`));
  } else if (value) errors.push(invalid(path, "", "may not be specified when `value` is not empty"));
  else if (given.length > 1) errors.push(invalid(path, "", "may not have more than one field specified at a time"));
  return errors;
}

/** The variables of a container. */
export function validateEnv(variables: readonly EnvVar[] | undefined, path: Path): FieldError[] {
  return (variables ?? []).flatMap((variable, index) => {
    const at = path.index(index);
    const { name = "" } = variable;
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(at.child("name"), ""));
    else errors.push(...isRelaxedEnvVarName(name).map((problem) => invalid(at.child("name"), name, problem)));
    return [...errors, ...validateSource(variable, at.child("valueFrom"))];
  });
}

function validateRef(ref: { name?: string } | undefined, path: Path): FieldError[] {
  if (!ref) return [];
  const { name } = ref;
  if (!name) return [required(path.child("name"), "")];
  return nameIsDNSSubdomain(name, true).map((problem) => invalid(path.child("name"), name, problem));
}

/** Whole ConfigMaps and Secrets as variables. */
export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, path: Path): FieldError[] {
  return (sources ?? []).flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (prefix) {
      errors.push(...isRelaxedEnvVarName(prefix).map((problem) => invalid(at.child("prefix"), prefix, problem)));
    }
    errors.push(
      ...validateRef(configMapRef, at.child("configMapRef")),
      ...validateRef(secretRef, at.child("secretRef")),
    );
    // Upstream reports these two of the list as a whole.
    if (!configMapRef && !secretRef) {
      errors.push(invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (configMapRef && secretRef) {
      errors.push(invalid(path, "", "may not have more than one field specified at a time"));
    }
    return errors;
  });
}

/** Variables out of files: the volume is there, and is an emptyDir. */
export function validateFileVolumes(spec: PodSpec, path: Path): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return allContainers(spec, path).flatMap(([{ env = [] }, at]) =>
    env.flatMap(({ valueFrom }, index) => {
      const name = valueFrom?.fileKeyRef?.volumeName;
      if (!valueFrom?.fileKeyRef) return [];
      const field = at.child("env").index(index).child("valueFrom", "fileKeyRef", "volumeName");
      const volume = volumes.get(name ?? "");
      if (!volume) return [notFound(field, name ?? "")];
      return volume.emptyDir ? [] : [invalid(field, name, "referenced volume must be of type emptyDir")];
    }),
  );
}
