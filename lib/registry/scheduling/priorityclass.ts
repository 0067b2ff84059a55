/** PriorityClasses (upstream: pkg/registry/scheduling/priorityclass). */
import { newForbidden } from "../../apimachinery/errors.ts";
import { type FieldError, forbidden, notSupportedAsListed, path } from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type { PriorityClass } from "../../openapi/types/scheduling-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";

const maxUserValue = 1_000_000_000;
const policies = ["PreemptLowerPriority", "Never"];
/** The classes of the system itself, with their values. */
const systemClasses: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

function systemProblem({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const { name } = metadata;
  const known = systemClasses[name];
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known !== value) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validate(object: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if (object.metadata.name?.startsWith("system-")) {
    const problem = systemProblem(object);
    const text = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`;
    if (problem) errors.push(forbidden(path("metadata", "name"), text));
  } else if ((object.value ?? 0) > maxUserValue) {
    errors.push(forbidden(path("value"), `maximum allowed value of a user defined priority is ${maxUserValue}`));
  }
  const policy = object.preemptionPolicy;
  if (policy === undefined || policies.includes(policy)) return errors;
  return [...errors, notSupportedAsListed(path("preemptionPolicy"), policy, policies)];
}

/** priorityclasses.scheduling.k8s.io */
export const priorityClassStrategy: Strategy<PriorityClass> = {
  setDefaults(object) {
    object.preemptionPolicy ??= "PreemptLowerPriority";
  },
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  validate,
  validateUpdate(object, old) {
    const errors = object.value === old.value ? [] : [forbidden(path("value"), "may not be changed in an update.")];
    const { preemptionPolicy } = object;
    return [...errors, ...validateImmutableField(preemptionPolicy, old.preemptionPolicy, path("preemptionPolicy"))];
  },
  checkDelete(name) {
    if (!Object.hasOwn(systemClasses, name)) return;
    const resource = { group: "scheduling.k8s.io", resource: "priorityclasses" };
    throw newForbidden(resource, name, "this is a system priority class and cannot be deleted");
  },
  cells: ({ metadata, value, globalDefault, preemptionPolicy }, { now }) => [
    metadata.name,
    value ?? 0,
    globalDefault ?? false,
    ageCell(metadata.creationTimestamp, now),
    preemptionPolicy ?? "",
  ],
};
