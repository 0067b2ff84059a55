/** Containers of every sort. */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  notSupportedAsListed,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isDNS1123Label } from "../../apimachinery/validation/names.ts";
import type { Container, EphemeralContainer, PodSpec, Volume } from "../../openapi/types/core-v1.ts";
import { validateEnvironment } from "./env.ts";
import { validateLifecycle, validateProbe, validateSingleSuccess } from "./handlers.ts";
import { validateContainerPorts, validateHostPorts } from "./ports.ts";
import { validateResources } from "./resources.ts";
import { validateSecurityContext } from "./security-context.ts";
import { validateVolumeDevices, validateVolumeMounts } from "./volumes/volumes.ts";

/** What a container's validation sees of its pod. */
interface PodParts {
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: ReadonlySet<string>;
  readonly graceSeconds: number;
  readonly hostUsers: boolean;
}

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const messagePolicies = ["File", "FallbackToLogsOnError"];

function validateCommon(container: Container | EphemeralContainer, parts: PodParts, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!container.name) errors.push(required(path.child("name"), ""));
  else
    errors.push(
      ...isDNS1123Label(container.name).map((problem) => invalid(path.child("name"), container.name, problem)),
    );
  const image = container.image ?? "";
  if (image === "") errors.push(required(path.child("image"), ""));
  else if (image !== image.trim())
    errors.push(invalid(path.child("image"), image, "must not have leading or trailing whitespace"));
  const policy = container.terminationMessagePolicy ?? "";
  if (policy === "") errors.push(required(path.child("terminationMessagePolicy"), ""));
  else if (!messagePolicies.includes(policy)) {
    errors.push(notSupportedAsListed(path.child("terminationMessagePolicy"), policy, messagePolicies));
  }
  errors.push(...validateContainerPorts(container.ports, path.child("ports")), ...validateEnvironment(container, path));
  const devices = new Set((container.volumeDevices ?? []).map(({ devicePath }) => devicePath));
  const privileged = container.securityContext?.privileged === true;
  errors.push(
    ...validateVolumeMounts(container.volumeMounts, parts.volumes, devices, privileged, path.child("volumeMounts")),
  );
  errors.push(...validateVolumeDevices(container.volumeDevices, parts.volumes, path.child("volumeDevices")));
  const pull = container.imagePullPolicy ?? "";
  if (!pullPolicies.includes(pull)) errors.push(notSupported(path.child("imagePullPolicy"), pull, pullPolicies));
  errors.push(...validateResources(container.resources, parts.claims, path.child("resources")));
  for (const [index, { resourceName, restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    const at = path.child("resizePolicy").index(index);
    if (resourceName !== "cpu" && resourceName !== "memory")
      errors.push(notSupported(at, resourceName, ["cpu", "memory"]));
    if (restartPolicy !== "NotRequired" && restartPolicy !== "RestartContainer") {
      errors.push(notSupported(at, restartPolicy, ["NotRequired", "RestartContainer"]));
    }
  }
  return [
    ...errors,
    ...validateSecurityContext(container.securityContext, parts.hostUsers, path.child("securityContext")),
  ];
}

function validateHooks(container: Container, graceSeconds: number, path: Path): FieldError[] {
  return [
    ...validateLifecycle(container.lifecycle, graceSeconds, path.child("lifecycle")),
    ...validateSingleSuccess(container.livenessProbe, true, path.child("livenessProbe")),
    ...validateProbe(container.readinessProbe, false, path.child("readinessProbe")),
    ...validateSingleSuccess(container.startupProbe, true, path.child("startupProbe")),
  ];
}

function validateInit(container: Container, parts: PodParts, path: Path): FieldError[] {
  const errors = validateCommon(container, parts, path);
  const policy = container.restartPolicy;
  const known = ["Always", "OnFailure", "Never"];
  if (policy !== undefined && !known.includes(policy))
    errors.push(notSupported(path.child("restartPolicy"), policy, known));
  if (policy === "Always") return [...errors, ...validateHooks(container, parts.graceSeconds, path)];
  for (const name of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
    if (container[name])
      errors.push(forbidden(path.child(name), "may not be set for init containers without restartPolicy=Always"));
  }
  return errors;
}

/** Fields that only the containers of a pod's beginning may have. */
const notForEphemeral = [
  "ports",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
  "resizePolicy",
] as const;

function validateEphemeral(
  container: EphemeralContainer,
  names: ReadonlySet<string>,
  parts: PodParts,
  path: Path,
): FieldError[] {
  const text = "cannot be set for an Ephemeral Container";
  const errors = validateCommon(
    { ...container, ports: undefined, resources: undefined, resizePolicy: undefined },
    parts,
    path,
  );
  if (container.targetContainerName && !names.has(container.targetContainerName)) {
    errors.push(notFound(path.child("targetContainerName"), container.targetContainerName));
  }
  for (const name of notForEphemeral) if (container[name] !== undefined) errors.push(forbidden(path.child(name), text));
  if (container.resources && Object.keys(container.resources).length > 0)
    errors.push(forbidden(path.child("resources"), text));
  if (container.restartPolicy !== undefined) errors.push(forbidden(path.child("restartPolicy"), text));
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    for (const name of ["subPath", "subPathExpr"] as const) {
      if (mount[name]) errors.push(forbidden(path.child("volumeMounts").index(index).child(name), text));
    }
  }
  return errors;
}

/** All containers of a pod: names are unique across all sorts. */
export function validateContainers(spec: PodSpec, path: Path): FieldError[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const parts: PodParts = {
    volumes: new Map((spec.volumes ?? []).map((volume) => [volume.name, volume])),
    claims: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
    graceSeconds: spec.terminationGracePeriodSeconds ?? 0,
    hostUsers: spec.hostUsers !== false,
  };
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const unique = (name: string, at: Path) => {
    if (name && names.has(name)) errors.push(duplicate(at.child("name"), name));
    names.add(name);
  };
  if (containers.length === 0) errors.push(required(path.child("containers"), ""));
  for (const [index, container] of containers.entries()) {
    const at = path.child("containers").index(index);
    unique(container.name, at);
    errors.push(...validateCommon(container, parts, at), ...validateHooks(container, parts.graceSeconds, at));
    const policy = container.restartPolicy;
    const known = ["Always", "OnFailure", "Never"];
    if (policy !== undefined && !known.includes(policy))
      errors.push(notSupported(at.child("restartPolicy"), policy, known));
  }
  errors.push(...validateHostPorts(containers, spec.hostNetwork === true, path.child("containers")));
  for (const [index, container] of initContainers.entries()) {
    const at = path.child("initContainers").index(index);
    unique(container.name, at);
    errors.push(...validateInit(container, parts, at));
  }
  errors.push(...validateHostPorts(initContainers, spec.hostNetwork === true, path.child("initContainers")));
  const targets = new Set([...containers, ...initContainers].map(({ name }) => name));
  for (const [index, container] of ephemeralContainers.entries()) {
    const at = path.child("ephemeralContainers").index(index);
    unique(container.name, at);
    errors.push(...validateEphemeral(container, targets, parts, at));
  }
  return errors;
}
