/** What an update of a pod may change (upstream: ValidatePodUpdate). */
import { decodedEqual, deepCopy } from "../../../apimachinery/equality.ts";
import { type FieldError, forbidden, invalid, path, required } from "../../../apimachinery/validation/field.ts";
import { inclusiveRangeError } from "../../../apimachinery/validation/names.ts";
import type { NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from "../../../openapi/types/core-v1.ts";
import { validatePodAnnotationUpdates } from "../../pod-spec/annotations.ts";
import { goNodeSelectorTerm } from "../../pod-spec/go-values.ts";
import { validateTolerations } from "../../pod-spec/tolerations.ts";
import { same } from "../../validation/generation.ts";
import { diffText } from "./diff.ts";
import { validatePod } from "./validation.ts";

const specPath = path("spec");
const updatable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");
const maxInt32 = 2 ** 31 - 1;
const kinds = ["containers", "initContainers"] as const;

/** Undefined: nothing else can be compared, `errors` say why. */
function validateContainers(spec: PodSpec, old: PodSpec, errors: FieldError[]): boolean {
  for (const name of kinds) {
    const [now, before] = [spec[name] ?? [], old[name] ?? []];
    const at = specPath.child(name);
    if (now.length !== before.length) {
      errors.push(forbidden(at, "pod updates may not add or remove containers"));
      return false;
    }
    for (const [index, { image = "" }] of now.entries()) {
      const field = at.index(index).child("image");
      if (image === "") errors.push(required(field, ""));
      if (image !== image.trim()) errors.push(invalid(field, image, "must not have leading or trailing whitespace"));
    }
  }
  return true;
}

/** False: nothing else is compared. */
function validateDeadline(deadline: number | undefined, old: number | undefined, errors: FieldError[]): boolean {
  const at = specPath.child("activeDeadlineSeconds");
  if (deadline === undefined) {
    if (old !== undefined) errors.push(invalid(at, null, "must not update from a positive integer to nil value"));
    return true;
  }
  if (deadline < 0 || deadline > maxInt32) errors.push(invalid(at, deadline, inclusiveRangeError(0, maxInt32)));
  else if (old !== undefined && old < deadline) {
    errors.push(invalid(at, deadline, "must be less than or equal to previous value"));
  } else return true;
  return false;
}

const sameToleration = (a: Toleration, b: Toleration) =>
  same({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined });

function validateOnlyAdded(tolerations: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const at = specPath.child("tolerations");
  if (old.every((one) => tolerations.some((other) => sameToleration(one, other)))) {
    return validateTolerations(tolerations, at);
  }
  return [forbidden(at, "existing toleration can not be modified except its tolerationSeconds")];
}

function validateGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, index) => {
    if (known.has(name)) return [];
    const at = specPath.child("schedulingGates").index(index).child("name");
    return [forbidden(at, `only deletion is allowed, but found new scheduling gate '${name}'`)];
  });
}

function onlyAdds({ matchExpressions: a = [], matchFields: b = [] }: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const { matchExpressions = [], matchFields = [] } = old;
  // An empty term matches nothing: adding to it would widen.
  if (matchExpressions.length + matchFields.length === 0) return a.length + b.length === 0;
  return (
    same(a.slice(0, matchExpressions.length), matchExpressions) && same(b.slice(0, matchFields.length), matchFields)
  );
}

function validateNarrowedAffinity(now: NodeAffinity | undefined, old: NodeAffinity | undefined): FieldError[] {
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const before = old?.[required]?.nodeSelectorTerms ?? [];
  if (!old?.[required]) return [];
  const terms = now?.[required]?.nodeSelectorTerms ?? [];
  const at = specPath.child("affinity", "nodeAffinity", required, "nodeSelectorTerms");
  if (before.length > 0 && before.length !== terms.length) {
    const text = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
    return [invalid(at, now?.[required]?.nodeSelectorTerms?.map(goNodeSelectorTerm) ?? null, text)];
  }
  return before.flatMap((term, index) => {
    if (onlyAdds(terms[index], term)) return [];
    return [
      invalid(
        at.index(index),
        goNodeSelectorTerm(terms[index]),
        "only additions are allowed (no mutations or deletions)",
      ),
    ];
  });
}

/** A gated pod may narrow down where it goes. Takes that back in `spec`. */
function validateNarrowed(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const kept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => spec.nodeSelector?.[key] === value);
  if (!kept) {
    const text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    errors.push(invalid(specPath.child("nodeSelector"), spec.nodeSelector ?? null, text));
  }
  spec.nodeSelector = old.nodeSelector;
  const [now, before] = [spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity];
  if (decodedEqual(now, before)) return errors;
  errors.push(...validateNarrowedAffinity(now, before));
  spec.affinity = { ...spec.affinity, nodeAffinity: before };
  if (before === undefined) delete spec.affinity.nodeAffinity;
  if (!old.affinity && !spec.affinity.podAffinity && !spec.affinity.podAntiAffinity) delete spec.affinity;
  return errors;
}

/** The new spec with all that may change taken back. */
function withoutAllowedChanges(given: PodSpec, old: PodSpec): PodSpec {
  const spec = deepCopy(given);
  for (const name of kinds) {
    for (const [index, container] of (spec[name] ?? []).entries()) container.image = old[name]?.[index].image;
  }
  spec.activeDeadlineSeconds = old.activeDeadlineSeconds;
  spec.schedulingGates = old.schedulingGates;
  spec.tolerations = old.tolerations;
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    spec.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  return spec;
}

/** An update of the pod itself. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const [now, before] = [pod.metadata.annotations, old.metadata.annotations];
  const errors = [
    ...validatePod(pod),
    ...validatePodAnnotationUpdates(now, before, pod.spec, path("metadata", "annotations")),
  ];
  if (!validateContainers(pod.spec, old.spec, errors)) return errors;
  if (!validateDeadline(pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds, errors)) return errors;
  errors.push(...validateOnlyAdded(pod.spec.tolerations ?? [], old.spec.tolerations ?? []));
  errors.push(...validateGates(pod.spec, old.spec));
  if (decodedEqual(pod.spec, old.spec)) return errors;
  const spec = withoutAllowedChanges(pod.spec, old.spec);
  if (old.spec.schedulingGates?.length) errors.push(...validateNarrowed(spec, old.spec));
  if (!decodedEqual(spec, old.spec)) {
    const text = `pod updates may not change fields other than ${updatable}\n${diffText(old.spec, spec)}`;
    errors.push(forbidden(specPath, text));
  }
  return errors;
}
