/** Topology spread constraints. */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import type { TopologySpreadConstraint } from "../../openapi/types/core-v1.ts";
import { validateLabelKeys } from "./label-keys.ts";

const actions = ["DoNotSchedule", "ScheduleAnyway"];
const inclusions = ["Honor", "Ignore"];
const notPositive = "must be greater than zero";

function validateMinDomains({ minDomains, whenUnsatisfiable = "" }: TopologySpreadConstraint, at: Path): FieldError[] {
  if (minDomains === undefined) return [];
  const errors = minDomains <= 0 ? [invalid(at, minDomains, notPositive)] : [];
  if (whenUnsatisfiable === "DoNotSchedule") return errors;
  const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  return [...errors, invalid(at, minDomains, text)];
}

function validateOne(constraint: TopologySpreadConstraint, repeated: boolean, path: Path): FieldError[] {
  const { maxSkew = 0, topologyKey = "", whenUnsatisfiable = "" } = constraint;
  const errors: FieldError[] = [];
  if (maxSkew <= 0) errors.push(invalid(path.child("maxSkew"), maxSkew, notPositive));
  if (topologyKey === "") errors.push(required(path.child("topologyKey"), "can not be empty"));
  if (!actions.includes(whenUnsatisfiable)) {
    errors.push(notSupported(path.child("whenUnsatisfiable"), whenUnsatisfiable, actions));
  }
  if (repeated) {
    errors.push(duplicate(path.child("{topologyKey, whenUnsatisfiable}"), `{${topologyKey}, ${whenUnsatisfiable}}`));
  }
  errors.push(...validateMinDomains(constraint, path.child("minDomains")));
  for (const name of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
    const value = constraint[name];
    if (value === undefined || inclusions.includes(value)) continue;
    errors.push(notSupported(path.child(name), value, inclusions));
  }
  return [
    ...errors,
    ...validateLabelKeys(constraint, path),
    ...validateLabelSelector(constraint.labelSelector, path.child("labelSelector")),
  ];
}

/** All constraints; each pair of key and action stands once. */
export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: Path,
): FieldError[] {
  const list = constraints ?? [];
  return list.flatMap((constraint, index) => {
    const { topologyKey, whenUnsatisfiable } = constraint;
    const repeated = list
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    return validateOne(constraint, repeated, path.index(index));
  });
}
