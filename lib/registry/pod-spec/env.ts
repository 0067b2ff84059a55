/** Environment variables and their sources. */

import { parseQuantity } from "../../apimachinery/quantity.ts";
import { type FieldError, invalid, notSupported, type Path, required } from "../../apimachinery/validation/field.ts";
import {
  isConfigMapKey,
  isQualifiedName,
  isRelaxedEnvVarName,
  nameIsDNSSubdomain,
} from "../../apimachinery/validation/names.ts";
import type {
  Container,
  EnvFromSource,
  EnvVar,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from "../../openapi/types/core-v1.ts";

/** Fields of a pod that its environment can show. */
export const envFieldPaths = [
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
/** All fields that conversion knows. */
const knownFieldPaths = new Set([
  ...envFieldPaths,
  "metadata.annotations",
  "metadata.labels",
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);
const containerResources = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const divisors: Record<string, string[]> = {
  cpu: ["1m", "1"],
  memory: ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"],
};

/** A reference to one field of the pod; `allowed` are the plain paths, `maps` those that may have a key. */
export function validateFieldRef(
  selector: ObjectFieldSelector,
  allowed: readonly string[],
  maps: boolean,
  path: Path,
): FieldError[] {
  const at = path.child("fieldPath");
  if (!selector.apiVersion) return [required(path.child("apiVersion"), "")];
  if (!selector.fieldPath) return [required(at, "")];
  const subscript = /^(metadata\.(?:annotations|labels))\['(.*)'\]$/.exec(selector.fieldPath);
  if (subscript) return validateSubscript(subscript[1], subscript[2], maps, path, selector.fieldPath);
  if (!knownFieldPaths.has(selector.fieldPath)) {
    const why = `error converting fieldPath: field label not supported: ${selector.fieldPath}`;
    return [invalid(at, selector.fieldPath, why)];
  }
  return allowed.includes(selector.fieldPath) ? [] : [notSupported(at, selector.fieldPath, allowed)];
}

function validateSubscript(map: string, key: string, _maps: boolean, path: Path, whole: string): FieldError[] {
  const name = map === "metadata.annotations" ? key.toLowerCase() : key;
  return isQualifiedName(name).map((problem) => invalid(path.child("fieldPath"), whole, problem));
}

/** A reference to a resource of a container; `inVolume`: the container must be named. */
export function validateResourceFieldRef(selector: ResourceFieldSelector, inVolume: boolean, path: Path): FieldError[] {
  const { resource, containerName, divisor } = selector;
  if (inVolume && !containerName) return [required(path.child("containerName"), "")];
  if (!resource) return [required(path.child("resource"), "")];
  if (!containerResources.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    return [notSupported(path.child("resource"), resource, containerResources)];
  }
  const allowed = divisors[resource.split(".")[1]] ?? divisors.memory;
  const value = parseQuantity(divisor ?? "0");
  if (value.isZero() || allowed.some((one) => parseQuantity(one).cmp(value) === 0)) return [];
  const what = resource.endsWith("cpu") ? "cpu" : resource.split(".")[1];
  return [
    invalid(path.child("divisor"), divisor, `only divisor's values 1m and 1 are supported with the ${what} resource`),
  ];
}

/** `name` and `key` of a ConfigMap's or Secret's entry. */
function validateKeyRef(selector: { key?: string; name?: string }, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!selector.name) errors.push(required(path.child("name"), ""));
  if (!selector.key) errors.push(required(path.child("key"), ""));
  else errors.push(...isConfigMapKey(selector.key).map((problem) => invalid(path.child("key"), selector.key, problem)));
  return errors;
}

function validateSource(variable: EnvVar, path: Path): FieldError[] {
  const source = variable.valueFrom;
  if (!source) return [];
  const at = path.child("valueFrom");
  const errors: FieldError[] = [];
  let sources = 0;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef) {
    sources++;
    errors.push(...validateFieldRef(fieldRef, envFieldPaths, true, at.child("fieldRef")));
  }
  if (resourceFieldRef) {
    sources++;
    errors.push(...validateResourceFieldRef(resourceFieldRef, false, at.child("resourceFieldRef")));
  }
  if (configMapKeyRef) {
    sources++;
    errors.push(...validateKeyRef(configMapKeyRef, at.child("configMapKeyRef")));
  }
  if (secretKeyRef) {
    sources++;
    errors.push(...validateKeyRef(secretKeyRef, at.child("secretKeyRef")));
  }
  if (fileKeyRef) sources++;
  if (sources === 0) {
    const list = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    errors.push(invalid(at, "", `must specify one of: ${list}`));
  } else if (variable.value) errors.push(invalid(at, "", "may not be specified when `value` is not empty"));
  else if (sources > 1) errors.push(invalid(at, "", "may not have more than one field specified at a time"));
  return errors;
}

/** The variables of a container. */
export function validateEnv(variables: readonly EnvVar[] | undefined, path: Path): FieldError[] {
  return (variables ?? []).flatMap((variable, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (!variable.name) errors.push(required(at.child("name"), ""));
    else {
      const problems = isRelaxedEnvVarName(variable.name);
      errors.push(...problems.map((problem) => invalid(at.child("name"), variable.name, problem)));
    }
    return [...errors, ...validateSource(variable, at)];
  });
}

/** Whole ConfigMaps and Secrets as variables. */
export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, path: Path): FieldError[] {
  return (sources ?? []).flatMap((source, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (source.prefix) {
      errors.push(
        ...isRelaxedEnvVarName(source.prefix).map((problem) => invalid(at.child("prefix"), source.prefix, problem)),
      );
    }
    const refs = Object.entries({ configMapRef: source.configMapRef, secretRef: source.secretRef }).filter(
      ([, ref]) => ref,
    );
    for (const [name, ref] of refs) {
      if (!ref?.name) errors.push(required(at.child(name, "name"), ""));
      else {
        const problems = nameIsDNSSubdomain(ref.name, true);
        errors.push(...problems.map((problem) => invalid(at.child(name, "name"), ref.name, problem)));
      }
    }
    if (refs.length === 0) errors.push(invalid(at, "", "must specify one of: `configMapRef` or `secretRef`"));
    else if (refs.length > 1) errors.push(invalid(at, "", "may not have more than one field specified at a time"));
    return errors;
  });
}

/** Environment and its sources of a container. */
export function validateEnvironment({ env, envFrom }: Pick<Container, "env" | "envFrom">, path: Path): FieldError[] {
  return [...validateEnv(env, path.child("env")), ...validateEnvFrom(envFrom, path.child("envFrom"))];
}
