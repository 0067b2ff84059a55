/** What a status says of a pod's resource claims (upstream: validatePodResourceClaimStatuses and its neighbours). */
import { parseQuantity } from "../../../apimachinery/quantity.ts";
import { duplicate, type FieldError, invalid, type Path, required } from "../../../apimachinery/validation/field.ts";
import { isDNS1123Label, nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { PodSpec, PodStatus } from "../../../openapi/types/core-v1.ts";
import { isNativeResource } from "../../validation/resource-names.ts";

function validateClaims({ resourceClaimStatuses = [] }: PodStatus, spec: PodSpec, path: Path): FieldError[] {
  const seen = new Set<string>();
  return resourceClaimStatuses.flatMap(({ name, resourceClaimName }, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (!spec.resourceClaims?.some((claim) => claim.name === name)) {
      errors.push(invalid(at.child("name"), name, "must match the name of an entry in `spec.resourceClaims`"));
    }
    if (seen.has(name)) errors.push(duplicate(at.child("name"), name));
    seen.add(name);
    const problems = resourceClaimName === undefined ? [] : nameIsDNSSubdomain(resourceClaimName, false);
    return [
      ...errors,
      ...problems.map((problem) => invalid(at.child("resourceClaimName"), resourceClaimName, problem)),
    ];
  });
}

function validateExtended({ extendedResourceClaimStatus: status }: PodStatus, spec: PodSpec, path: Path): FieldError[] {
  if (!status) return [];
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const errors: FieldError[] = [];
  const mappings = path.child("requestMappings");
  if (!status.requestMappings?.length) errors.push(required(mappings, "at least one request mapping is required"));
  const seen = new Set<string>();
  for (const [index, { containerName, resourceName, requestName }] of (status.requestMappings ?? []).entries()) {
    const at = mappings.index(index);
    const container = containers.find(({ name }) => name === containerName);
    const fields = "spec.initContainers.name or spec.containers.name";
    const requests = "spec.initContainers.resources.requests or spec.containers.resources.requests";
    if (!container) {
      errors.push(invalid(at.child("containerName"), containerName, `must match the name of an entry in ${fields}`));
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const text = `must match the extended resource name of an entry in ${requests}`;
      errors.push(invalid(at.child("resourceName"), resourceName, text));
    }
    errors.push(...isDNS1123Label(requestName).map((one) => invalid(path.child("requestName"), requestName, one)));
    const id = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(id)) {
      errors.push(duplicate(at.child("containerName"), containerName));
      errors.push(duplicate(at.child("resourceName"), resourceName));
      errors.push(duplicate(at.child("requestName"), requestName));
    }
    seen.add(id);
  }
  const name = status.resourceClaimName ?? "";
  const at = path.child("resourceClaimName");
  if (name === "") return [...errors, required(at, "")];
  return [...errors, ...nameIsDNSSubdomain(name, false).map((problem) => invalid(at, name, problem))];
}

function validateAllocatable(status: PodStatus, spec: PodSpec, path: Path): FieldError[] {
  const known = new Set(
    [...(spec.resourceClaims ?? []), ...(status.resourceClaimStatuses ?? [])].map((claim) => claim.resourceClaimName),
  );
  return (status.nodeAllocatableResourceClaimStatuses ?? []).flatMap((claim, index) => {
    const at = path.index(index);
    const { resourceClaimName: name = "", containers = [], resources } = claim;
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(at.child("resourceClaimName"), "must not be empty"));
    if (!known.has(name))
      errors.push(invalid(at.child("resourceClaimName"), name, "no mapping found in pod reference"));
    if (containers.length === 0) errors.push(required(at.child("containers"), "must not be empty"));
    const amounts = Object.entries(resources ?? {});
    if (amounts.length === 0) errors.push(required(at.child("resources"), "must not be empty"));
    for (const [resource, amount] of amounts) {
      const field = at.child("resources").key(resource);
      if (!isNativeResource(resource)) {
        errors.push(invalid(field, resource, "must be a node allocatable resource name"));
      }
      if (parseQuantity(amount).sign() < 0) errors.push(invalid(field, amount, "must be non-negative"));
    }
    return errors;
  });
}

/** All three sorts. `path` is the status's. */
export function validateClaimStatuses(status: PodStatus, spec: PodSpec, path: Path): FieldError[] {
  return [
    ...validateClaims(status, spec, path.child("resourceClaimStatuses")),
    ...validateExtended(status, spec, path.child("extendedResourceClaimStatus")),
    ...validateAllocatable(status, spec, path.child("nodeAllocatableResourceClaimStatuses")),
  ];
}
