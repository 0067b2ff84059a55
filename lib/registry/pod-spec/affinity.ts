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
  NodeAffinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from "../../openapi/types/core-v1.ts";
import { validateLabelKeys } from "./label-keys.ts";

const requiredName = "requiredDuringSchedulingIgnoredDuringExecution";
const preferredName = "preferredDuringSchedulingIgnoredDuringExecution";
const unknownOperator = "not a valid selector operator";

function validateOperator(operator: string, count: number, path: Path): FieldError[] {
  const at = path.child("values");
  switch (operator) {
    case "In":
    case "NotIn":
      return count > 0 ? [] : [required(at, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      if (count === 0) return [];
      return [forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case "Gt":
    case "Lt":
      return count === 1 ? [] : [required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalid(path.child("operator"), operator, unknownOperator)];
  }
}

function validateExpression(requirement: NodeSelectorRequirement, checkValues: boolean, path: Path): FieldError[] {
  const { key = "", operator = "", values = [] } = requirement;
  const errors = [
    ...validateOperator(operator, values.length, path),
    ...isQualifiedName(key).map((problem) => invalid(path.child("key"), key, problem)),
  ];
  if (!checkValues) return errors;
  const wrong = values.flatMap((value, index) =>
    isValidLabelValue(value).map((problem) => invalid(path.child("values").index(index), value, problem)),
  );
  return [...errors, ...wrong];
}

function validateFieldExpression(requirement: NodeSelectorRequirement, path: Path): FieldError[] {
  const { key = "", operator = "", values = [] } = requirement;
  const errors: FieldError[] = [];
  const at = path.child("values");
  if (operator !== "In" && operator !== "NotIn") {
    errors.push(invalid(path.child("operator"), operator, unknownOperator));
  } else if (values.length !== 1) {
    errors.push(required(at, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  }
  if (key !== "metadata.name") return [...errors, invalid(path.child("key"), key, "not a valid field selector key")];
  const wrong = values.flatMap((value, index) =>
    nameIsDNSSubdomain(value, false).map((problem) => invalid(at.index(index), value, problem)),
  );
  return [...errors, ...wrong];
}

/** A term of a node selector; `checkValues`: values must be label values. */
function validateNodeSelectorTerm(term: NodeSelectorTerm, path: Path, checkValues = false): FieldError[] {
  const { matchExpressions = [], matchFields = [] } = term;
  return [
    ...matchExpressions.flatMap((requirement, index) =>
      validateExpression(requirement, checkValues, path.child("matchExpressions").index(index)),
    ),
    ...matchFields.flatMap((requirement, index) =>
      validateFieldExpression(requirement, path.child("matchFields").index(index)),
    ),
  ];
}

/** A node selector: at least one term. */
export function validateNodeSelector(terms: readonly NodeSelectorTerm[] | undefined, path: Path): FieldError[] {
  const at = path.child("nodeSelectorTerms");
  if (!terms?.length) return [required(at, "must have at least one node selector term")];
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, at.index(index), true));
}

function validateWeight(weight: number | undefined, path: Path): FieldError[] {
  const value = weight ?? 0;
  return value < 1 || value > 100 ? [invalid(path.child("weight"), value, "must be in the range 1-100")] : [];
}

function validateNodeAffinity(affinity: NodeAffinity, path: Path): FieldError[] {
  const { [requiredName]: needed, [preferredName]: preferred = [] } = affinity;
  return [
    ...(needed ? validateNodeSelector(needed.nodeSelectorTerms, path.child(requiredName)) : []),
    ...preferred.flatMap(({ weight, preference }, index) => {
      const at = path.child(preferredName).index(index);
      return [...validateWeight(weight, at), ...validateNodeSelectorTerm(preference ?? {}, at.child("preference"))];
    }),
  ];
}

function validateTerm(term: PodAffinityTerm, path: Path): FieldError[] {
  const { topologyKey = "", namespaces = [] } = term;
  const at = path.child("topologyKey");
  return [
    ...validateLabelSelector(term.labelSelector, path.child("labelSelector")),
    ...validateLabelSelector(term.namespaceSelector, path.child("namespaceSelector")),
    ...namespaces.flatMap((name) =>
      nameIsDNSLabel(name, false).map((problem) => invalid(path.child("namespace"), name, problem)),
    ),
    ...validateLabelKeys(term, path),
    ...(topologyKey === "" ? [required(at, "can not be empty")] : []),
    ...isQualifiedName(topologyKey).map((problem) => invalid(at, topologyKey, problem)),
  ];
}

function validatePodAffinity(affinity: PodAffinity | undefined, path: Path): FieldError[] {
  if (!affinity) return [];
  const { [requiredName]: needed = [], [preferredName]: preferred = [] } = affinity;
  return [
    ...needed.flatMap((term, index) => validateTerm(term, path.child(requiredName).index(index))),
    ...preferred.flatMap(({ weight, podAffinityTerm }, index) => {
      const at = path.child(preferredName).index(index);
      return [...validateWeight(weight, at), ...validateTerm(podAffinityTerm ?? {}, at.child("podAffinityTerm"))];
    }),
  ];
}

/** All of a pod's affinity. */
export function validateAffinity(affinity: Affinity | undefined, path: Path): FieldError[] {
  if (!affinity) return [];
  return [
    ...(affinity.nodeAffinity ? validateNodeAffinity(affinity.nodeAffinity, path.child("nodeAffinity")) : []),
    ...validatePodAffinity(affinity.podAffinity, path.child("podAffinity")),
    ...validatePodAffinity(affinity.podAntiAffinity, path.child("podAntiAffinity")),
  ];
}
