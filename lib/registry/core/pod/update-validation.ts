/** What an update of a pod may change (upstream: ValidatePodUpdate, ValidatePodStatusUpdate). */
import { deepCopy, semanticEqual } from "../../../apimachinery/equality.ts";
import { type FieldError, forbidden, invalid, type Path, path } from "../../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../../apimachinery/validation/meta.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { ContainerStatus, Pod, PodSpec, Toleration } from "../../../openapi/types/core-v1.ts";

const specPath = path("spec");
const updatable =
  "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const maxInt32 = 2_147_483_647;

/** The containers' number may not change; `stop`: nothing else can be compared then. */
function sameNumber(spec: PodSpec, old: PodSpec): FieldError[] {
  for (const name of ["containers", "initContainers"] as const) {
    if ((spec[name] ?? []).length !== (old[name] ?? []).length) {
      return [forbidden(specPath.child(name), "pod updates may not add or remove containers")];
    }
  }
  return [];
}

function validateImages(spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ["containers", "initContainers"] as const) {
    for (const [index, { image = "" }] of (spec[name] ?? []).entries()) {
      if (image !== image.trim()) {
        errors.push(
          invalid(
            specPath.child(name).index(index).child("image"),
            image,
            "must not have leading or trailing whitespace",
          ),
        );
      }
    }
  }
  return errors;
}

function validateDeadline(deadline: number | undefined, old: number | undefined): FieldError[] {
  const at = specPath.child("activeDeadlineSeconds");
  if (deadline === undefined) {
    return old === undefined ? [] : [invalid(at, null, "must not update from a positive integer to nil value")];
  }
  if (deadline < 0 || deadline > maxInt32)
    return [invalid(at, deadline, `must be between 0 and ${maxInt32}, inclusive`)];
  return old !== undefined && old < deadline
    ? [invalid(at, deadline, "must be less than or equal to previous value")]
    : [];
}

const sameToleration = (a: Toleration, b: Toleration) =>
  semanticEqual({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined });

function validateTolerations(tolerations: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const at = specPath.child("tolerations");
  if (old.every((one) => tolerations.some((other) => sameToleration(one, other)))) return [];
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

/** Gated pods may narrow down where they go. */
function narrowed(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
    if (spec.nodeSelector?.[key] === value) continue;
    errors.push(
      invalid(
        specPath.child("nodeSelector"),
        spec.nodeSelector,
        "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
      ),
    );
    break;
  }
  spec.nodeSelector = old.nodeSelector;
  const affinity = spec.affinity?.nodeAffinity;
  if (!semanticEqual(affinity, old.affinity?.nodeAffinity)) {
    spec.affinity = { ...spec.affinity, nodeAffinity: old.affinity?.nodeAffinity };
    if (!old.affinity && !spec.affinity.podAffinity && !spec.affinity.podAntiAffinity) delete spec.affinity;
  }
  return errors;
}

/** An update of the pod itself. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const missing = sameNumber(pod.spec, old.spec);
  if (missing.length > 0) return missing;
  const errors = [
    ...validateImages(pod.spec),
    ...validateDeadline(pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds),
    ...validateTolerations(pod.spec.tolerations ?? [], old.spec.tolerations ?? []),
    ...validateGates(pod.spec, old.spec),
  ];
  if (semanticEqual(pod.spec, old.spec)) return errors;
  const spec = deepCopy(pod.spec);
  for (const name of ["containers", "initContainers"] as const) {
    for (const [index, container] of (spec[name] ?? []).entries()) container.image = old.spec[name]?.[index].image;
  }
  spec.activeDeadlineSeconds = old.spec.activeDeadlineSeconds;
  spec.schedulingGates = old.spec.schedulingGates;
  spec.tolerations = old.spec.tolerations;
  if ((old.spec.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    spec.terminationGracePeriodSeconds = old.spec.terminationGracePeriodSeconds;
  }
  if (old.spec.schedulingGates?.length) errors.push(...narrowed(spec, old.spec));
  if (!semanticEqual(spec, old.spec)) {
    errors.push(forbidden(specPath, `pod updates may not change fields other than ${updatable}`));
  }
  return errors;
}

/** Containers that have ended and may not come back. */
function validateTransitions(
  statuses: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  restarts: (name: string, exitCode: number) => boolean,
  at: Path,
): FieldError[] {
  return (old ?? []).flatMap((before, index) => {
    const ended = before.state?.terminated;
    const now = statuses?.find(({ name }) => name === before.name);
    if (!ended || !now || now.state?.terminated || restarts(before.name, ended.exitCode ?? 0)) return [];
    return [forbidden(at.index(index).child("state"), "may not be transitioned to non-terminated state")];
  });
}

/** An update of the status. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const at = path("status");
  const errors: FieldError[] = [];
  const [status, before] = [pod.status ?? {}, old.status ?? {}];
  const nominated = status.nominatedNodeName;
  if (nominated && nominated !== before.nominatedNodeName) {
    const problems = nameIsDNSSubdomain(nominated, false);
    errors.push(...problems.map((problem) => invalid(at.child("nominatedNodeName"), nominated, problem)));
    if (old.spec.nodeName) {
      errors.push(forbidden(at.child("nominatedNodeName"), "may not be set on pods that are already bound to a node"));
    }
  }
  if ((status.observedGeneration ?? 0) < 0) {
    errors.push(invalid(at.child("observedGeneration"), status.observedGeneration, "must be a non-negative integer"));
  }
  errors.push(...validateImmutableField(status.qosClass, before.qosClass, at.child("qosClass")));
  const { restartPolicy = "Always", initContainers = [] } = old.spec;
  const restarts = (exitCode: number) =>
    restartPolicy === "Always" || (restartPolicy === "OnFailure" && exitCode !== 0);
  const sidecars = new Set(initContainers.filter((one) => one.restartPolicy === "Always").map(({ name }) => name));
  return [
    ...errors,
    ...validateTransitions(
      status.containerStatuses,
      before.containerStatuses,
      (_, code) => restarts(code),
      at.child("containerStatuses"),
    ),
    ...validateTransitions(
      status.initContainerStatuses,
      before.initContainerStatuses,
      (name, code) => sidecars.has(name) || restarts(code),
      at.child("initContainerStatuses"),
    ),
  ];
}
