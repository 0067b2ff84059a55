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
import { isSidecar } from "./aggregate.ts";
import { validateEnv, validateEnvFrom } from "./env.ts";
import { validateLifecycle } from "./lifecycle.ts";
import { validateContainerPorts, validateUniqueHostPorts } from "./ports.ts";
import { validateProbes } from "./probes.ts";
import { validateResizePolicy } from "./resize-policy.ts";
import { validateResources } from "./resources.ts";
import { validateRestartPolicy } from "./restart-policy.ts";
import { validateSecurityContext } from "./security-context.ts";
import type { AnyContainer } from "./visit.ts";
import { validateVolumeDevices, validateVolumeMounts } from "./volumes/mounts.ts";

/** What a container's validation sees of its pod. */
export interface PodParts {
  readonly spec: PodSpec;
  /** Volumes without a fault. */
  readonly volumes: ReadonlyMap<string, Volume>;
  /** The names of its resource claims. */
  readonly claims: ReadonlySet<string>;
}

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const messagePolicies = ["File", "FallbackToLogsOnError"];

function validateNames({ name = "", image, terminationMessagePolicy: policy = "" }: AnyContainer, path: Path) {
  const errors: FieldError[] = [];
  if (name === "") errors.push(required(path.child("name"), ""));
  else errors.push(...isDNS1123Label(name).map((problem) => invalid(path.child("name"), name, problem)));
  if (!image) errors.push(required(path.child("image"), ""));
  const at = path.child("terminationMessagePolicy");
  if (policy === "") errors.push(required(at, ""));
  else if (!messagePolicies.includes(policy)) errors.push(notSupportedAsListed(at, policy, messagePolicies));
  return errors;
}

function validatePullPolicy(policy: string | undefined, path: Path): FieldError[] {
  if (!policy) return [required(path, "")];
  return pullPolicies.includes(policy) ? [] : [notSupported(path, policy, pullPolicies)];
}

function validateCommon(container: AnyContainer, { spec, volumes, claims }: PodParts, path: Path): FieldError[] {
  return [
    ...validateNames(container, path),
    ...validateContainerPorts(container.ports, path.child("ports")),
    ...validateEnv(container.env, path.child("env")),
    ...validateEnvFrom(container.envFrom, path.child("envFrom")),
    ...validateVolumeMounts(container, volumes, path.child("volumeMounts")),
    ...validateVolumeDevices(container, volumes, path.child("volumeDevices")),
    ...validatePullPolicy(container.imagePullPolicy, path.child("imagePullPolicy")),
    ...validateResources(container.resources, claims, path.child("resources")),
    ...validateResizePolicy(container.resizePolicy, spec.restartPolicy, path.child("resizePolicy")),
    ...validateSecurityContext(container.securityContext, spec.hostUsers !== false, path.child("securityContext")),
  ];
}

function validateHooks(container: Container, { spec }: PodParts, path: Path): FieldError[] {
  const { terminationGracePeriodSeconds: grace, os } = spec;
  return [
    ...validateLifecycle(container.lifecycle, grace, os?.name, path.child("lifecycle")),
    ...validateProbes(container, grace, path),
  ];
}

/** The containers; at least one. */
export function validateContainers(parts: PodParts, path: Path): FieldError[] {
  const { containers } = parts.spec;
  if (containers.length === 0) return [required(path, "")];
  const names = new Set<string>();
  const errors = containers.flatMap((container, index) => {
    const at = path.index(index);
    const own = validateCommon(container, parts, at);
    if (names.has(container.name)) own.push(duplicate(at.child("name"), container.name));
    names.add(container.name);
    return [...own, ...validateHooks(container, parts, at), ...validateRestartPolicy(container, at)];
  });
  return [...errors, ...validateUniqueHostPorts(containers, path)];
}

const sidecarFields = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;

function validateInitOnly(container: Container, path: Path): FieldError[] {
  const text = "may not be set for init containers without restartPolicy=Always";
  const given = sidecarFields.filter((name) => container[name] !== undefined);
  return given.map((name) => forbidden(path.child(name), text));
}

function validateInitResize({ resizePolicy = [] }: Container, path: Path): FieldError[] {
  return resizePolicy.flatMap(({ restartPolicy }, index) => {
    if (restartPolicy !== "RestartContainer") return [];
    const at = path.child("resizePolicy").index(index).child("restartPolicy");
    return [invalid(at, restartPolicy, "must not be set to 'RestartContainer' for non-sidecar initContainers")];
  });
}

/** Containers that end before the others start, and sidecars. */
export function validateInitContainers(parts: PodParts, path: Path): FieldError[] {
  const names = new Set(parts.spec.containers.map(({ name }) => name));
  return (parts.spec.initContainers ?? []).flatMap((container, index) => {
    const at = path.index(index);
    const errors = [...validateCommon(container, parts, at), ...validateRestartPolicy(container, at)];
    if (names.has(container.name)) errors.push(duplicate(at.child("name"), container.name));
    else if (container.name) names.add(container.name);
    errors.push(...validateUniqueHostPorts([container], path));
    if (isSidecar(container)) return [...errors, ...validateHooks(container, parts, at)];
    return [...errors, ...validateInitOnly(container, at), ...validateInitResize(container, at)];
  });
}

/** In the order of upstream's struct. */
const notForEphemeral = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

/** Whether a field is set; resources are always there. */
function isGiven(container: EphemeralContainer, name: (typeof notForEphemeral)[number]): boolean {
  const value = container[name];
  return value !== undefined && (name !== "resources" || Object.keys(value).length > 0);
}

function validateEphemeralOnly(container: EphemeralContainer, path: Path): FieldError[] {
  const text = "cannot be set for an Ephemeral Container";
  const given = notForEphemeral.filter((name) => isGiven(container, name));
  const errors = given.map((name) => forbidden(path.child(name), text));
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = path.child("volumeMounts").index(index);
    if (mount.subPath) errors.push(forbidden(at.child("subPath"), text));
    if (mount.subPathExpr) errors.push(forbidden(at.child("subPathExpr"), text));
  }
  return errors;
}

/** Containers that were added to a pod that ran. */
export function validateEphemeralContainers(parts: PodParts, path: Path): FieldError[] {
  const { containers, initContainers = [], ephemeralContainers = [] } = parts.spec;
  const targets = new Set([...containers, ...initContainers].map(({ name }) => name));
  const names = new Set(targets);
  return ephemeralContainers.flatMap((container, index) => {
    const at = path.index(index);
    const { name, image = "", targetContainerName: target } = container;
    const errors = validateCommon(container, parts, at);
    if (image !== image.trim()) {
      errors.push(invalid(at.child("image"), image, "must not have leading or trailing whitespace"));
    }
    if (names.has(name)) errors.push(duplicate(at.child("name"), name));
    names.add(name);
    if (target && !targets.has(target)) errors.push(notFound(at.child("targetContainerName"), target));
    return [...errors, ...validateEphemeralOnly(container, at)];
  });
}
