/** Node and pod affinity. */
import { type FieldError, forbidden, invalid, type Path, required } from "../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../apimachinery/validation/meta.ts";
import {
  isQualifiedName,
  isValidLabelValue,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
} from "../../apimachinery/validation/names.ts";
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
} from "../../openapi/types/core-v1.ts";

function validateExpression(requirement: NodeSelectorRequirement, path: Path): FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  const at = path.child("values");
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0)
      errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === "Gt" || operator === "Lt") {
    if (values.length !== 1)
      errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
  return [...errors, ...isQualifiedName(key ?? "").map((problem) => invalid(path.child("key"), key ?? "", problem))];
}

function validateFieldExpression({ key, operator, values = [] }: NodeSelectorRequirement, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (operator === "In" || operator === "NotIn") {
    if (values.length !== 1) {
      errors.push(
        required(
          path.child("values"),
          "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
        ),
      );
    }
  } else errors.push(invalid(path.child("operator"), operator, "not a valid selector operator"));
  if (key !== "metadata.name") return [...errors, invalid(path.child("key"), key, "not a valid field selector key")];
  for (const [index, value] of values.entries()) {
    const problems = nameIsDNSSubdomain(value, false);
    errors.push(...problems.map((problem) => invalid(path.child("values").index(index), value, problem)));
  }
  return errors;
}

/** A term of a node selector; `checkValues`: In and NotIn take label values alone. */
export function validateNodeSelectorTerm(term: NodeSelectorTerm, path: Path, checkValues = false): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) {
    const at = path.child("matchExpressions").index(index);
    errors.push(...validateExpression(requirement, at));
    if (!checkValues) continue;
    for (const [place, value] of (requirement.values ?? []).entries()) {
      errors.push(
        ...isValidLabelValue(value).map((problem) => invalid(at.child("values").index(place), value, problem)),
      );
    }
  }
  for (const [index, requirement] of (term.matchFields ?? []).entries()) {
    errors.push(...validateFieldExpression(requirement, path.child("matchFields").index(index)));
  }
  return errors;
}

/** A node selector: at least one term. */
export function validateNodeSelector(terms: readonly NodeSelectorTerm[] | undefined, path: Path): FieldError[] {
  const at = path.child("nodeSelectorTerms");
  if (!terms || terms.length === 0) return [required(at, "must have at least one node selector term")];
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, at.index(index)));
}

function validateWeight(weight: number | undefined, path: Path): FieldError[] {
  const value = weight ?? 0;
  return value < 1 || value > 100 ? [invalid(path, value, "must be in the range 1-100")] : [];
}

function validateTerm(term: PodAffinityTerm, path: Path): FieldError[] {
  const errors = [
    ...validateMatchLabelKeys(term, path),
    ...validateLabelSelector(term.labelSelector, path.child("labelSelector")),
    ...validateLabelSelector(term.namespaceSelector, path.child("namespaceSelector")),
  ];
  for (const name of term.namespaces ?? []) {
    errors.push(...nameIsDNSLabel(name, false).map((problem) => invalid(path.child("namespace"), name, problem)));
  }
  if (!term.topologyKey) errors.push(required(path.child("topologyKey"), "can not be empty"));
  const problems = isQualifiedName(term.topologyKey ?? "");
  return [...errors, ...problems.map((problem) => invalid(path.child("topologyKey"), term.topologyKey ?? "", problem))];
}

function validateMatchLabelKeys(term: PodAffinityTerm, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["matchLabelKeys", "mismatchLabelKeys"] as const) {
    const keys = term[name] ?? [];
    if (keys.length > 0 && !term.labelSelector) {
      errors.push(forbidden(path.child(name), "must not be specified when labelSelector is not set"));
    }
    for (const [index, key] of keys.entries()) {
      errors.push(...isQualifiedName(key).map((problem) => invalid(path.child(name).index(index), key, problem)));
    }
  }
  return errors;
}

/** All of a pod's affinity. */
export function validateAffinity(affinity: Affinity | undefined, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const node = affinity?.nodeAffinity;
  const nodePath = path.child("nodeAffinity");
  const required = node?.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = node?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const [requiredName, preferredName] = [
    "requiredDuringSchedulingIgnoredDuringExecution",
    "preferredDuringSchedulingIgnoredDuringExecution",
  ] as const;
  if (required) errors.push(...validateNodeSelector(required.nodeSelectorTerms, nodePath.child(requiredName)));
  for (const [index, { weight, preference }] of preferred.entries()) {
    const at = nodePath.child(preferredName).index(index);
    errors.push(
      ...validateWeight(weight, at.child("weight")),
      ...validateNodeSelectorTerm(preference ?? {}, at.child("preference")),
    );
  }
  for (const name of ["podAffinity", "podAntiAffinity"] as const) {
    for (const [index, term] of (affinity?.[name]?.[requiredName] ?? []).entries()) {
      errors.push(...validateTerm(term, path.child(name, requiredName).index(index)));
    }
    for (const [index, { weight, podAffinityTerm }] of (affinity?.[name]?.[preferredName] ?? []).entries()) {
      const at = path.child(name, preferredName).index(index);
      errors.push(
        ...validateWeight(weight, at.child("weight")),
        ...validateTerm(podAffinityTerm, at.child("podAffinityTerm")),
      );
    }
  }
  return errors;
}
