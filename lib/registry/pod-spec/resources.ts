/** Requests and limits of containers and pods (upstream: validateResourceRequirements, validatePodResources). */
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isDNS1123Label } from "../../apimachinery/validation/names.ts";
import type { PodSpec, ResourceRequirements } from "../../openapi/types/core-v1.ts";
import {
  isHugePages,
  isOvercommitAllowed,
  validateContainerResourceName,
  validateResourceName,
  validateResourceQuantity,
} from "../validation/resource-names.ts";
import { aggregateResources } from "./aggregate.ts";

type ValidateName = (name: string, path: Path) => FieldError[];

/** Whether an amount is made of whole pages. */
function isDivisible(name: string, quantity: Quantity): boolean {
  let page: Quantity;
  try {
    page = parseQuantity(name.slice("hugepages-".length));
  } catch {
    return false;
  }
  return page.sign() > 0 && page.milliValue() % 1000n === 0n && quantity.value() % page.value() === 0n;
}

function validateAmount(name: string, text: string, validateName: ValidateName, at: Path): FieldError[] {
  const errors = [...validateName(name, at), ...validateResourceQuantity(name, text, at)];
  const quantity = parseQuantity(text);
  if (!isHugePages(name) || isDivisible(name, quantity)) return errors;
  return [...errors, invalid(at, quantity.toString(), `${quantity} is not positive integer multiple of ${name}`)];
}

function againstLimit(name: string, text: string, limitText: string | undefined, path: Path): FieldError[] {
  if (limitText === undefined) {
    if (isOvercommitAllowed(name)) return [];
    return [required(path.child("limits"), "Limit must be set for non overcommitable resources")];
  }
  const at = path.child("requests");
  const [request, limit] = [parseQuantity(text), parseQuantity(limitText)];
  const order = request.cmp(limit);
  if (order !== 0 && !isOvercommitAllowed(name)) {
    return [invalid(at, request.toString(), `must be equal to ${name} limit of ${limit}`)];
  }
  return order > 0 ? [invalid(at, request.toString(), `must be less than or equal to ${name} limit of ${limit}`)] : [];
}

/** Whether a claim (or all of it, without a request) is named already. */
function isNamed(name: string, request: string | undefined, seen: ReadonlySet<string>): boolean {
  if (seen.has(name) || (request && seen.has(`${name}/${request}`))) return true;
  return !request && [...seen].some((key) => key.startsWith(`${name}/`));
}

function unknownClaim(name: string, known: ReadonlySet<string>, at: Path): FieldError {
  const list = known.size === 0 ? " which is empty" : `: ${[...known].sort().join(", ")}`;
  return { ...notFound(at, name), detail: `must be one of the names in pod.spec.resourceClaims${list}` };
}

function validateClaims(claims: ResourceRequirements["claims"], known: ReadonlySet<string>, path: Path): FieldError[] {
  const seen = new Set<string>();
  return (claims ?? []).flatMap(({ name, request }, index) => {
    const at = path.index(index);
    if (!name) return [required(at, "")];
    const errors: FieldError[] = [];
    if (request && !seen.has(name)) {
      errors.push(...isDNS1123Label(request).map((problem) => invalid(at.child("request"), request, problem)));
    }
    const key = request ? `${name}/${request}` : name;
    if (isNamed(name, request, seen)) errors.push(duplicate(at, seen.has(name) ? name : key));
    seen.add(key);
    return known.has(name) ? errors : [...errors, unknownClaim(name, known, at)];
  });
}

function validateRequirements(
  resources: ResourceRequirements | undefined,
  validateName: ValidateName,
  claims: ReadonlySet<string>,
  path: Path,
): FieldError[] {
  const { limits = {}, requests = {} } = resources ?? {};
  const errors: FieldError[] = [];
  for (const [name, text] of Object.entries(limits)) {
    errors.push(...validateAmount(name, text, validateName, path.child("limits").key(name)));
  }
  for (const [name, text] of Object.entries(requests)) {
    const at = path.child("requests").key(name);
    const amount = validateAmount(name, text, validateName, at);
    errors.push(...amount, ...againstLimit(name, text, limits[name], path));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(forbidden(path, "HugePages require cpu or memory"));
  }
  return [...errors, ...validateClaims(resources?.claims, claims, path.child("claims"))];
}

/** The resources of a container; `claims` are the names of the pod's resource claims. */
export const validateResources = (
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  path: Path,
): FieldError[] => validateRequirements(resources, validateContainerResourceName, claims, path);

/** Whether a pod as a whole can ask for it. */
export const isPodLevelResource = (name: string) => name === "cpu" || name === "memory" || isHugePages(name);

function validatePodResourceName(name: string, path: Path): FieldError[] {
  const errors = validateResourceName(name, path);
  if (errors.length > 0 || isPodLevelResource(name)) return errors;
  return [notSupported(path, name, ["cpu", "hugepages-", "memory"])];
}

function validateConsistency(spec: PodSpec, path: Path): FieldError[] {
  const { requests = {}, limits = {} } = spec.resources ?? {};
  const errors: FieldError[] = [];
  for (const [name, sum] of aggregateResources(spec, "requests")) {
    if (requests[name] === undefined || sum.cmp(parseQuantity(requests[name])) <= 0) continue;
    const text = `must be greater than or equal to aggregate container requests of ${sum}`;
    errors.push(invalid(path.child("requests").key(name), requests[name], text));
  }
  for (const [name, sum] of aggregateResources(spec, "limits")) {
    if (!isHugePages(name) || limits[name] === undefined || sum.cmp(parseQuantity(limits[name])) <= 0) continue;
    const text = `must be greater than or equal to aggregate container limits of ${sum}`;
    errors.push(invalid(path.child("limits").key(name), limits[name], text));
  }
  for (const [index, { resources }] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(resources?.limits ?? {})) {
      if (limits[name] === undefined || parseQuantity(limit).cmp(parseQuantity(limits[name])) <= 0) continue;
      const at = path.child("containers").index(index).key(name).child("limits");
      errors.push(invalid(at, limit, `must be less than or equal to pod limits of ${limits[name]}`));
    }
  }
  return errors;
}

/** The resources of a pod as a whole. */
export function validatePodResources(spec: PodSpec, claims: ReadonlySet<string>, path: Path): FieldError[] {
  if (!spec.resources) return [];
  const at = path.child("resources");
  if (spec.os?.name === "windows") return [forbidden(at, "may not be set for a windows pod")];
  const errors: FieldError[] = [];
  if (spec.resources.claims) {
    errors.push(forbidden(at.child("claims"), "claims may not be set for Resources at pod-level"));
  }
  return [
    ...errors,
    ...validateRequirements(spec.resources, validatePodResourceName, claims, at),
    ...validateConsistency(spec, at),
  ];
}
