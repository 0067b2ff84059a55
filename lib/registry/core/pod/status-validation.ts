/** What a pod's status may say (upstream: ValidatePodStatusUpdate). */
import {
  type FieldError,
  forbidden,
  internal,
  invalid,
  type Path,
  path,
} from "../../../apimachinery/validation/field.ts";
import { parseAddress, validateIPForLegacyField } from "../../../apimachinery/validation/ip.ts";
import { validateImmutableField } from "../../../apimachinery/validation/meta.ts";
import { isQualifiedName, nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodSpec,
  PodStatus,
} from "../../../openapi/types/core-v1.ts";
import { validatePodAnnotationUpdates } from "../../pod-spec/annotations.ts";
import { validateClaimStatuses } from "./claim-status-validation.ts";
import { validateContainerStatuses } from "./container-status-validation.ts";

const at = path("status");
const systemConditions = new Set(["PodScheduled", "Ready", "Initialized"]);
const nonNegative = "must be a non-negative integer";

function validateConditions(conditions: readonly PodCondition[] | undefined): FieldError[] {
  return (conditions ?? []).flatMap(({ type, observedGeneration = 0 }, index) => {
    const field = at.child("conditions").index(index);
    const errors =
      observedGeneration < 0 ? [invalid(field.child("observedGeneration"), observedGeneration, nonNegative)] : [];
    if (systemConditions.has(type)) return errors;
    return [
      ...errors,
      ...isQualifiedName(type ?? "").map((problem) => invalid(field.child("Type"), type ?? "", problem)),
    ];
  });
}

/** Whether a container that ended with the code starts again. */
function mayRestart(container: Container, { restartPolicy }: PodSpec, exitCode: number): boolean {
  const own = container.restartPolicy;
  if (own !== undefined) {
    const matches = container.restartPolicyRules?.some(({ exitCodes }) => {
      if (!exitCodes) return false;
      return (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === "In");
    });
    if (matches) return true;
  }
  const policy = own ?? restartPolicy;
  return policy === "Never" ? false : policy !== "OnFailure" || exitCode !== 0;
}

function validateTransitions(
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  restarts: (name: string, exitCode: number) => boolean,
  field: Path,
): FieldError[] {
  return (old ?? []).flatMap(({ name, state }, index) => {
    if (!state?.terminated) return [];
    const next = now?.find((status) => status.name === name && !status.state?.terminated);
    if (!next || restarts(name, state.terminated.exitCode ?? 0)) return [];
    return [forbidden(field.index(index).child("state"), "may not be transitioned to non-terminated state")];
  });
}

function validateAllTransitions(status: PodStatus, old: PodStatus, spec: PodSpec): FieldError[] {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const restartsAll = all.some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === "RestartAllContainers"),
  );
  const check = (name: "containerStatuses" | "initContainerStatuses", containers: readonly Container[] = []) => {
    const restarts = (wanted: string, exitCode: number) => {
      const container = containers.find((one) => one.name === wanted);
      return container !== undefined && mayRestart(container, spec, exitCode);
    };
    return validateTransitions(status[name], old[name], restarts, at.child(name));
  };
  const never = () => false;
  const ephemeral = at.child("ephemeralContainerStatuses");
  return [
    ...(restartsAll
      ? []
      : [...check("containerStatuses", spec.containers), ...check("initContainerStatuses", spec.initContainers)]),
    ...validateTransitions(status.ephemeralContainerStatuses, old.ephemeralContainerStatuses, never, ephemeral),
  ];
}

type Addresses = readonly { ip: string }[] | undefined;

function validateAddresses(addresses: Addresses, old: Addresses, field: Path): FieldError[] {
  const list = (addresses ?? []).map(({ ip }) => ip ?? "");
  const known = (old ?? []).map(({ ip }) => ip);
  const errors = list.flatMap((ip, index) => validateIPForLegacyField(field.index(index), ip, known));
  if (list.length < 2) return errors;
  const families = list.map((ip) => parseAddress(ip)?.family);
  const bad = list.find((_, index) => families[index] === undefined);
  if (bad !== undefined) {
    errors.push(internal(field, `failed to check for dual stack with error:invalid IP ${JSON.stringify(bad)}`));
  }
  if (list.length > 2 || families[0] === families[1]) {
    errors.push(
      invalid(
        field,
        list.map((ip) => ({ IP: ip })),
        "may specify no more than one IP for each IP family",
      ),
    );
  }
  return errors;
}

function validateHostAddresses(status: PodStatus, old: PodStatus): FieldError[] {
  const [first] = status.hostIPs ?? [];
  if (!first) return [];
  const field = at.child("hostIPs");
  const errors =
    status.hostIP === first.ip ? [] : [invalid(field.index(0).child("ip"), first.ip, "must be equal to `hostIP`")];
  return [...errors, ...validateAddresses(status.hostIPs, old.hostIPs, field)];
}

function validateNomination(status: PodStatus, old: Pod): FieldError[] {
  const name = status.nominatedNodeName;
  if (!name || name === old.status?.nominatedNodeName) return [];
  const field = at.child("nominatedNodeName");
  const errors = nameIsDNSSubdomain(name, false).map((problem) => invalid(field, name, problem));
  if (!old.spec.nodeName) return errors;
  return [...errors, forbidden(field, "may not be set on pods that are already bound to a node")];
}

/** An update of the status. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const [status, before] = [pod.status ?? {}, old.status ?? {}];
  const generation = status.observedGeneration ?? 0;
  const [now, then] = [pod.metadata.annotations, old.metadata.annotations];
  return [
    ...validatePodAnnotationUpdates(now, then, pod.spec, path("metadata", "annotations")),
    ...validateConditions(status.conditions),
    ...validateNomination(status, old),
    ...(generation < 0 ? [invalid(at.child("observedGeneration"), generation, nonNegative)] : []),
    ...validateImmutableField(status.qosClass ?? "", before.qosClass ?? "", at.child("qosClass")),
    ...validateAllTransitions(status, before, old.spec),
    ...validateClaimStatuses(status, pod.spec, at),
    ...validateAddresses(status.podIPs, before.podIPs, at.child("podIPs")),
    ...validateHostAddresses(status, before),
    ...validateContainerStatuses(status, pod.spec, at),
  ];
}
