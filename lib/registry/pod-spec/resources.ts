/** Requests and limits of containers and pods. */
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import { type FieldError, forbidden, invalid, type Path, required } from "../../apimachinery/validation/field.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import type { ResourceRequirements } from "../../openapi/types/core-v1.ts";

const standard = new Set(["cpu", "memory", "ephemeral-storage"]);
const isHugePage = (name: string) => name.startsWith("hugepages-");
/** A name that is Kubernetes' own: no domain, or kubernetes.io. */
export const isNative = (name: string) => !name.includes("/") || name.includes("kubernetes.io/");
/** A resource that a device plugin brings. */
export const isExtended = (name: string) => !isNative(name) && !name.startsWith("requests.");
const canOvercommit = (name: string) => isNative(name) && !isHugePage(name);

function validateName(name: string, path: Path): FieldError[] {
  const errors = isQualifiedName(name).map((problem) => invalid(path, name, problem));
  if (errors.length > 0) return errors;
  if (!name.includes("/")) {
    if (!standard.has(name) && !isHugePage(name)) {
      errors.push(invalid(path, name, "must be a standard resource type or fully qualified"));
      errors.push(invalid(path, name, "must be a standard resource for containers"));
    }
  } else if (!isExtended(name)) errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  return errors;
}

function validateAmount(name: string, quantity: Quantity, path: Path): FieldError[] {
  if (quantity.sign() < 0) return [invalid(path, quantity.toString(), "must be greater than or equal to 0")];
  const whole =
    isExtended(name) || (!name.includes("/") && !standard.has(name) && !isHugePage(name) && name === "pods");
  if (whole && quantity.milliValue() % 1000n !== 0n) return [invalid(path, quantity.toString(), "must be an integer")];
  if (isHugePage(name)) {
    const page = parseQuantity(name.slice("hugepages-".length));
    if (!page.isZero() && quantity.value() % page.value() !== 0n) {
      return [invalid(path, quantity.toString(), `must be a multiple of ${page}`)];
    }
  }
  return [];
}

/** The resources of a container; `claims` are the names of the pod's resource claims. */
export function validateResources(
  resources: ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  path: Path,
): FieldError[] {
  const { limits = {}, requests = {} } = resources ?? {};
  const errors: FieldError[] = [];
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const normal = names.includes("cpu") || names.includes("memory");
  for (const [name, text] of Object.entries(limits)) {
    const at = path.child("limits").key(name);
    errors.push(...validateName(name, at), ...validateAmount(name, parseQuantity(text), at));
  }
  for (const [name, text] of Object.entries(requests)) {
    const at = path.child("requests").key(name);
    errors.push(...validateName(name, at), ...validateAmount(name, parseQuantity(text), at));
    errors.push(...againstLimit(name, text, limits[name], path));
  }
  if (names.some(isHugePage) && !normal) errors.push(forbidden(path, "HugePages require cpu or memory"));
  for (const [index, claim] of (resources?.claims ?? []).entries()) {
    const at = path.child("claims").index(index);
    if (!claim.name) errors.push(required(at.child("name"), ""));
    else if (!claims.has(claim.name)) {
      errors.push({ type: "FieldValueNotFound", field: at.child("name").toString(), value: claim.name, detail: "" });
    }
  }
  return errors;
}

function againstLimit(name: string, text: string, limitText: string | undefined, path: Path): FieldError[] {
  const at = path.child("requests");
  if (limitText === undefined) {
    if (canOvercommit(name)) return [];
    return [required(path.child("limits"), "Limit must be set for non overcommitable resources")];
  }
  const [request, limit] = [parseQuantity(text), parseQuantity(limitText)];
  if (!canOvercommit(name) && request.cmp(limit) !== 0) {
    return [invalid(at, request.toString(), `must be equal to ${name} limit of ${limit}`)];
  }
  return request.cmp(limit) > 0
    ? [invalid(at, request.toString(), `must be less than or equal to ${name} limit of ${limit}`)]
    : [];
}
