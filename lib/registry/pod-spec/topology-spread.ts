/** Topology spread constraints. */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import type { TopologySpreadConstraint } from "../../openapi/types/core-v1.ts";

function validateOne(constraint: TopologySpreadConstraint, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const { maxSkew = 0, topologyKey, whenUnsatisfiable, minDomains } = constraint;
  if (maxSkew <= 0) errors.push(invalid(path.child("maxSkew"), maxSkew, "must be greater than zero"));
  if (!topologyKey) errors.push(required(path.child("topologyKey"), "can not be empty"));
  else
    errors.push(
      ...isQualifiedName(topologyKey).map((problem) => invalid(path.child("topologyKey"), topologyKey, problem)),
    );
  if (whenUnsatisfiable !== "DoNotSchedule" && whenUnsatisfiable !== "ScheduleAnyway") {
    errors.push(
      notSupported(path.child("whenUnsatisfiable"), whenUnsatisfiable ?? "", ["DoNotSchedule", "ScheduleAnyway"]),
    );
  }
  if (minDomains !== undefined) {
    const at = path.child("minDomains");
    if (minDomains <= 0) errors.push(invalid(at, minDomains, "must be greater than zero"));
    if (whenUnsatisfiable !== "DoNotSchedule") {
      const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
      errors.push(invalid(at, minDomains, text));
    }
  }
  for (const name of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
    const value = constraint[name];
    if (value !== undefined && value !== "Honor" && value !== "Ignore") {
      errors.push(notSupported(path.child(name), value, ["Honor", "Ignore"]));
    }
  }
  const keys = constraint.matchLabelKeys ?? [];
  if (keys.length > 0 && !constraint.labelSelector) {
    errors.push(forbidden(path.child("matchLabelKeys"), "must not be specified when labelSelector is not set"));
  }
  for (const [index, key] of keys.entries()) {
    errors.push(
      ...isQualifiedName(key).map((problem) => invalid(path.child("matchLabelKeys").index(index), key, problem)),
    );
  }
  return [...errors, ...validateLabelSelector(constraint.labelSelector, path.child("labelSelector"))];
}

/** All constraints; each pair of key and action stands once. */
export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: Path,
): FieldError[] {
  const seen = new Set<string>();
  return (constraints ?? []).flatMap((constraint, index) => {
    const at = path.index(index);
    const errors = validateOne(constraint, at);
    const id = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`;
    if (seen.has(id)) errors.push(duplicate(at.child("{topologyKey, whenUnsatisfiable}"), id));
    seen.add(id);
    return errors;
  });
}
