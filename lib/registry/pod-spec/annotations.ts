/** Annotations of pods that mean something (upstream: pkg/apis/core/validation, ValidatePodSpecificAnnotations). */
import { type FieldError, forbidden, invalid, type Path } from "../../apimachinery/validation/field.ts";
import type { AppArmorProfile, PodSpec, SeccompProfile, Toleration } from "../../openapi/types/core-v1.ts";
import { validateTolerations } from "./tolerations.ts";
import { allContainers } from "./visit.ts";
import { validateLocalDescendingPath } from "./volumes/paths.ts";

type Annotations = Readonly<Record<string, string>> | undefined;

/** Marks what a node runs from a file, and the API only mirrors. */
export const mirrorAnnotation = "kubernetes.io/config.mirror";
/** Prefix of a container's AppArmor profile, before there was a field. */
export const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
/** A pod's seccomp profile, before there was a field. */
export const seccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
/** Prefix of a container's seccomp profile, before there was a field. */
export const seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/";
const deletionCost = "controller.kubernetes.io/pod-deletion-cost";
const tolerationsAnnotation = "scheduler.alpha.kubernetes.io/tolerations";
const runtimeDefault = "runtime/default";
const localhost = "localhost/";

/** Mirror, deletion cost, tolerations and profiles. */
export function validatePodAnnotations(annotations: Annotations, spec: PodSpec, path: Path): FieldError[] {
  if (!annotations) return [];
  const errors: FieldError[] = [];
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    const text = "must set spec.nodeName if mirror pod annotation is set";
    errors.push(invalid(path.key(mirrorAnnotation), mirror, text));
  }
  if (annotations[tolerationsAnnotation]) errors.push(...tolerations(annotations[tolerationsAnnotation], path));
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalid(path.key(deletionCost), cost, "must be a 32bit integer"));
  }
  return [...errors, ...seccomp(annotations, path), ...appArmor(annotations, spec, path)];
}

function isInt32(text: string): boolean {
  if (text === "") return false;
  if (text.startsWith("+") || (text.startsWith("0") && text.length > 1)) return false;
  return /^-?\d+$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

function tolerations(text: string, path: Path): FieldError[] {
  let list: Toleration[];
  try {
    list = JSON.parse(text);
  } catch (error) {
    return [invalid(path, tolerationsAnnotation, (error as Error).message)];
  }
  return validateTolerations(list, path.child(tolerationsAnnotation));
}

function seccomp(annotations: Readonly<Record<string, string>>, path: Path): FieldError[] {
  return Object.entries(annotations).flatMap(([key, profile]) => {
    if (key !== seccompPodAnnotation && !key.startsWith(seccompPrefix)) return [];
    if ([runtimeDefault, "docker/default", "unconfined"].includes(profile)) return [];
    const at = path.child(key);
    if (profile.startsWith(localhost)) return validateLocalDescendingPath(profile.slice(localhost.length), at);
    return [invalid(at, profile, "must be a valid seccomp profile")];
  });
}

function appArmor(annotations: Readonly<Record<string, string>>, spec: PodSpec, path: Path): FieldError[] {
  const names = new Set(allContainers(spec, path).map(([{ name }]) => name));
  return Object.entries(annotations).flatMap(([key, profile]) => {
    if (!key.startsWith(appArmorPrefix)) return [];
    const errors: FieldError[] = [];
    const name = key.slice(appArmorPrefix.length);
    if (!names.has(name)) errors.push(invalid(path.key(key), name, "container not found"));
    if (profile !== "" && ![runtimeDefault, "unconfined"].includes(profile) && !profile.startsWith(localhost)) {
      errors.push(invalid(path.key(key), profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
    }
    return errors;
  });
}

/** An annotation that says otherwise than the field that replaced it. */
function mismatch(annotation: string, profile: SeccompProfile, what: string, others: readonly string[], path: Path) {
  const types: Record<string, boolean> = {
    Unconfined: annotation === "unconfined",
    RuntimeDefault: annotation === runtimeDefault || others.includes(annotation),
    Localhost: annotation.startsWith(localhost),
  };
  if (types[profile.type] === false) {
    return [forbidden(path.child("type"), `${what} type in annotation and field must match`)];
  }
  if (profile.type !== "Localhost" || annotation.slice(localhost.length) === profile.localhostProfile) return [];
  return [forbidden(path.child("localhostProfile"), `${what} profile in annotation and field must match`)];
}

/** Seccomp: annotations against fields. */
export function validateSeccompAnnotations(annotations: Annotations, spec: PodSpec, path: Path): FieldError[] {
  if (!annotations) return [];
  const errors: FieldError[] = [];
  const check = (key: string, profile: SeccompProfile | undefined, at: Path) => {
    const annotation = annotations[key];
    if (!profile || annotation === undefined) return;
    const field = at.child("securityContext", "seccompProfile");
    errors.push(...mismatch(annotation, profile, "seccomp", ["docker/default"], field));
  };
  check(seccompPodAnnotation, spec.securityContext?.seccompProfile, path);
  for (const [container, at] of allContainers(spec, path)) {
    check(seccompPrefix + container.name, container.securityContext?.seccompProfile, at);
  }
  return errors;
}

/** AppArmor: annotations against fields. */
export function validateAppArmorAnnotations(annotations: Annotations, spec: PodSpec, path: Path): FieldError[] {
  if (!annotations || spec.os?.name === "windows") return [];
  const ofPod: AppArmorProfile | undefined = spec.securityContext?.appArmorProfile;
  return allContainers(spec, path).flatMap(([container, at]) => {
    const profile = container.securityContext?.appArmorProfile ?? ofPod;
    const annotation = annotations[appArmorPrefix + container.name];
    if (!profile || annotation === undefined) return [];
    return mismatch(annotation, profile, "apparmor", [], at.child("securityContext", "appArmorProfile"));
  });
}

/** The field that an AppArmor annotation stands for; undefined: none. */
export function appArmorFieldOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === "unconfined") return { type: "Unconfined" };
  if (annotation === runtimeDefault) return { type: "RuntimeDefault" };
  if (!annotation.startsWith(localhost)) return undefined;
  const profile = annotation.slice(localhost.length);
  return profile === "" ? undefined : { type: "Localhost", localhostProfile: profile };
}

/** What an update may not do to annotations, and what the new ones must be. */
export function validatePodAnnotationUpdates(
  now: Annotations,
  old: Annotations,
  spec: PodSpec,
  path: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(old ?? {})) {
    if (now?.[key] === value) continue;
    if (key.startsWith(appArmorPrefix)) {
      errors.push(forbidden(path.key(key), "may not remove or update AppArmor annotations"));
    }
    if (key === mirrorAnnotation) {
      errors.push(forbidden(path.key(key), "may not remove or update mirror pod annotation"));
    }
  }
  for (const key of Object.keys(now ?? {})) {
    if (old?.[key] !== undefined) continue;
    if (key.startsWith(appArmorPrefix)) errors.push(forbidden(path.key(key), "may not add AppArmor annotations"));
    if (key === mirrorAnnotation) errors.push(forbidden(path.key(key), "may not add mirror pod annotation"));
  }
  return [...errors, ...validatePodAnnotations(now, spec, path)];
}
