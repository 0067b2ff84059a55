/** Fields and resources of a pod that its environment and volumes can show. */
import { parseQuantity } from "../../apimachinery/quantity.ts";
import { type FieldError, invalid, notSupported, type Path, required } from "../../apimachinery/validation/field.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import type { ObjectFieldSelector, ResourceFieldSelector } from "../../openapi/types/core-v1.ts";

/** All fields that have a name. */
const knownFieldPaths = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.host",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "status.phase",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]);
const containerResources = ["cpu", "ephemeral-storage", "memory"].flatMap((name) => [
  `limits.${name}`,
  `requests.${name}`,
]);
const sizes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
const hugePages = /^(limits|requests)\.hugepages-/;

function validateSubscript(map: string, key: string, path: Path, whole: string): FieldError[] {
  if (map !== "metadata.annotations" && map !== "metadata.labels") {
    const text = `error converting fieldPath: field label does not support subscript: ${whole}`;
    return [invalid(path.child("fieldPath"), whole, text)];
  }
  const name = map === "metadata.annotations" ? key.toLowerCase() : key;
  return isQualifiedName(name).map((problem) => invalid(path, name, problem));
}

/** A reference to one field of the pod; `allowed` are the plain paths. */
export function validateFieldRef(ref: ObjectFieldSelector, allowed: readonly string[], path: Path): FieldError[] {
  const at = path.child("fieldPath");
  const { apiVersion, fieldPath } = ref;
  if (!apiVersion) return [required(path.child("apiVersion"), "")];
  if (!fieldPath) return [required(at, "")];
  if (apiVersion !== "v1") {
    return [invalid(at, fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`)];
  }
  const subscript = /^([^[]+)\['(.*)'\]$/s.exec(fieldPath);
  if (subscript) return validateSubscript(subscript[1], subscript[2], path, fieldPath);
  if (!knownFieldPaths.has(fieldPath)) {
    return [invalid(at, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)];
  }
  const internal = fieldPath === "spec.host" ? "spec.nodeName" : fieldPath;
  return allowed.includes(internal) ? [] : [notSupported(at, internal, allowed)];
}

function divisorProblem(resource: string, divisor: string): string | undefined {
  const allowed = (values: readonly string[], what: string) =>
    values.includes(divisor) ? undefined : `only divisor's values ${what}`;
  const kind = resource.replace(/^(limits|requests)\./, "");
  const list = sizes.join(", ");
  if (hugePages.test(resource)) return allowed(sizes, `${list} are supported with the hugepages resource`);
  if (kind === "cpu") return allowed(["1m", "1"], "1m and 1 are supported with the cpu resource");
  if (kind === "memory") return allowed(sizes, `${list} are supported with the memory resource`);
  if (kind !== "ephemeral-storage") return undefined;
  return allowed(sizes, `${list} are supported with the local ephemeral storage resource`);
}

/** A reference to a resource of a container; `inVolume`: the container must be named. */
export function validateResourceFieldRef(ref: ResourceFieldSelector, inVolume: boolean, path: Path): FieldError[] {
  const { resource = "", containerName, divisor } = ref;
  const errors: FieldError[] = [];
  if (inVolume && !containerName) errors.push(required(path.child("containerName"), ""));
  else if (resource === "") errors.push(required(path.child("resource"), ""));
  else if (!containerResources.includes(resource) && !hugePages.test(resource)) {
    errors.push(notSupported(path.child("resource"), resource, containerResources));
  }
  const value = parseQuantity(divisor ?? "0");
  const problem = value.isZero() ? undefined : divisorProblem(resource, value.toString());
  if (problem !== undefined) errors.push(invalid(path.child("divisor"), resource, problem));
  return errors;
}
