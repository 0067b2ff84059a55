/** What a node must be (upstream: ValidateNode, ValidateNodeUpdate). Generic metadata is checked elsewhere. */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupportedAsListed,
  type Path,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { parseCidr, validateCIDRForLegacyField } from "../../../apimachinery/validation/ip.ts";
import { isQualifiedName, isValidLabelValue } from "../../../apimachinery/validation/names.ts";
import type { Node, Taint } from "../../../openapi/types/core-v1.ts";
import { goNodeAddress, goTaint } from "../../pod-spec/go-values.ts";
import { validateResourceQuantity } from "../../validation/resource-names.ts";
import { validateNodeConfig } from "./config-validation.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const metadataPath = path("metadata");
const specPath = path("spec");
const statusPath = path("status");
const maxFeatureLength = 253;
const taintsAnnotation = "scheduler.alpha.kubernetes.io/taints";

function validateEffect(effect: string, at: Path): FieldError[] {
  if (effect === "") return [required(at, "")];
  return effects.includes(effect) ? [] : [notSupportedAsListed(at, effect, effects)];
}

function validateTaints(taints: readonly Taint[] | undefined, field: Path): FieldError[] {
  const seen = new Set<string>();
  return (taints ?? []).flatMap((taint, index) => {
    const at = field.index(index);
    const { key = "", value = "", effect = "" } = taint;
    const errors = isQualifiedName(key).map((problem) => invalid(at.child("key"), key, problem));
    const problems = isValidLabelValue(value);
    if (problems.length > 0) errors.push(invalid(at.child("value"), value, problems.join(";")));
    errors.push(...validateEffect(effect, at.child("effect")));
    const id = `${effect}:${key}`;
    if (seen.has(id))
      errors.push({ ...duplicate(at, goTaint(taint)), detail: "taints must be unique by key and effect pair" });
    seen.add(id);
    return errors;
  });
}

function validateAnnotations({ metadata: { annotations } }: Node): FieldError[] {
  const text = annotations?.[taintsAnnotation];
  if (!text) return [];
  const at = metadataPath.child("annotations");
  try {
    return validateTaints(JSON.parse(text), at.child(taintsAnnotation));
  } catch (error) {
    return [invalid(at, taintsAnnotation, (error as Error).message)];
  }
}

function validateAmounts({ status }: Node): FieldError[] {
  return (["capacity", "allocatable"] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, amount]) =>
      validateResourceQuantity(name, amount, statusPath.child(list, name)),
    ),
  );
}

function featureProblem(name: string): string | undefined {
  const head = `invalid feature name ${JSON.stringify(name)}:`;
  if (name.length > maxFeatureLength) return `${head} must be no more than ${maxFeatureLength} characters`;
  if (/^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/.test(name)) return undefined;
  return `${head} must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`;
}

function validateFeatures({ status }: Node): FieldError[] {
  const at = statusPath.child("declaredFeatures");
  const features = status?.declaredFeatures ?? [];
  return features.flatMap((name, index) => {
    const problem = featureProblem(name);
    const errors = problem === undefined ? [] : [invalid(at.index(index), name, problem)];
    const next = features[index + 1];
    if (next === name) errors.push(duplicate(at.index(index + 1), next));
    else if (next !== undefined && name > next) {
      errors.push(invalid(at.index(index + 1), next, "list must be sorted alphabetically"));
    }
    return errors;
  });
}

function validateCidrs({ spec: { podCIDRs = [] } }: Node): FieldError[] {
  const at = specPath.child("podCIDRs");
  const errors = podCIDRs.flatMap((cidr, index) => validateCIDRForLegacyField(at.index(index), cidr));
  if (podCIDRs.length < 2) return errors;
  const families = podCIDRs.map((cidr) => parseCidr(cidr)?.address.family);
  if (podCIDRs.length === 2 && families[0] !== families[1]) return errors;
  return [...errors, invalid(at, podCIDRs, "may specify no more than one CIDR for each IP family")];
}

/** What holds of a node that is created or replaced. */
export function validateNode(node: Node): FieldError[] {
  const swap = node.status?.nodeInfo?.swap?.capacity;
  const swapPath = metadataPath.child("nodeSwapStatus", "capacity");
  return [
    ...validateAnnotations(node),
    // Upstream reports taints and swap below metadata.
    ...validateTaints(node.spec.taints, metadataPath.child("taints")),
    ...validateAmounts(node),
    ...(swap !== undefined && swap <= 0 ? [invalid(swapPath, swap, "must be greater than zero")] : []),
    ...validateFeatures(node),
    ...validateCidrs(node),
  ];
}

function validateAddresses({ status }: Node): FieldError[] {
  const seen = new Set<string>();
  return (status?.addresses ?? []).flatMap((address, index) => {
    const id = `${address.type}/${address.address}`;
    if (seen.has(id)) return [duplicate(statusPath.child("addresses").index(index), goNodeAddress(address))];
    seen.add(id);
    return [];
  });
}

function validateFrozen({ spec }: Node, { spec: old }: Node): FieldError[] {
  const errors: FieldError[] = [];
  const text = (name: string) => `node updates may not change ${name} except from "" to valid`;
  const [now, before] = [spec.podCIDRs ?? [], old.podCIDRs ?? []];
  const at = specPath.child("podCIDRs");
  if (before.length > 0 && before.length !== now.length) errors.push(forbidden(at, text("podCIDR")));
  else errors.push(...before.filter((cidr, index) => cidr !== now[index]).map(() => forbidden(at, text("podCIDR"))));
  if (old.providerID && old.providerID !== spec.providerID) {
    errors.push(forbidden(specPath.child("providerID"), text("providerID")));
  }
  return errors;
}

/** What an update may change, of the node or of its status. */
export function validateNodeChange(node: Node, old: Node): FieldError[] {
  const errors = [
    ...validateAnnotations(node),
    ...validateAmounts(node),
    ...validateFeatures(node),
    ...validateAddresses(node),
    ...validateFrozen(node, old),
    ...validateNodeConfig(node),
    ...validateTaints(node.spec.taints, metadataPath.child("taints")),
  ];
  if ((node.spec.externalID ?? "") === (old.spec.externalID ?? "")) return errors;
  return [...errors, forbidden(specPath.child("externalID"), "may not be updated")];
}
