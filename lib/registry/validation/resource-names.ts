/** Names and amounts of resources (upstream: pkg/apis/core/helper and validation). */
import { parseQuantity } from "../../apimachinery/quantity.ts";
import { type FieldError, invalid, type Path } from "../../apimachinery/validation/field.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import { nonNegativeText } from "./number.ts";

const counted = [
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
];
const container = ["cpu", "memory", "ephemeral-storage"];
const amounts = [...container, ...container.flatMap((name) => [`requests.${name}`, `limits.${name}`])];
const quota = new Set([...counted, ...amounts, "requests.storage"]);
const standard = new Set([...quota, "storage"]);
const integers = new Set(counted);

/** Whether a name is one of huge pages. */
export const isHugePages = (name: string) => name.startsWith("hugepages-");
const isQuotaHugePages = (name: string) => isHugePages(name) || name.startsWith("requests.hugepages-");
/** Whether quotas know the name. */
export const isQuotaResource = (name: string) => quota.has(name) || isQuotaHugePages(name);

/** Whether a name belongs to Kubernetes itself: without a prefix, or with one of kubernetes.io. */
export const isNativeResource = (name: string) => !name.includes("/") || name.includes("kubernetes.io/");

/** Whether a name is one that a device plugin, say, has made up. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith("requests.")) return false;
  return isQualifiedName(`requests.${name}`).length === 0;
}

/** Whether its amounts are whole numbers. */
export const isIntegerResource = (name: string) => integers.has(name) || isExtendedResource(name);

/** Whether containers may ask for more of it in sum than there is. */
export const isOvercommitAllowed = (name: string) => isNativeResource(name) && !isHugePages(name);

/** A name that is qualified or known. */
export function validateResourceName(name: string, field: Path): FieldError[] {
  const problems = isQualifiedName(name).map((problem) => invalid(field, name, problem));
  if (problems.length > 0 || name.includes("/") || standard.has(name) || isQuotaHugePages(name)) return problems;
  return [invalid(field, name, "must be a standard resource type or fully qualified")];
}

/** A name of what a container can ask for. */
export function validateContainerResourceName(name: string, field: Path): FieldError[] {
  const errors = validateResourceName(name, field);
  if (!name.includes("/")) {
    if (container.includes(name) || isHugePages(name)) return errors;
    return [...errors, invalid(field, name, "must be a standard resource for containers")];
  }
  if (isNativeResource(name) || isExtendedResource(name)) return errors;
  return [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
}

/** A name that a quota can bound. */
export function validateQuotaResourceName(name: string, field: Path): FieldError[] {
  const errors = validateResourceName(name, field);
  if (name.includes("/") || isQuotaResource(name)) return errors;
  return [...errors, invalid(field, name, "must be a standard resource for quota")];
}

/** An amount: not negative, and whole where the resource is. */
export function validateResourceQuantity(name: string, text: string, field: Path): FieldError[] {
  const quantity = parseQuantity(text);
  const errors: FieldError[] = [];
  if (quantity.sign() < 0) errors.push(invalid(field, text, nonNegativeText));
  if (isIntegerResource(name) && quantity.milliValue() % 1000n !== 0n) {
    errors.push(invalid(field, text, "must be an integer"));
  }
  return errors;
}
