/** The operating system that a pod says it needs, and the fields that only the other one has. */
import { type FieldError, forbidden, notSupported, type Path, required } from "../../apimachinery/validation/field.ts";
import type { PodSpec } from "../../openapi/types/core-v1.ts";
import { allContainers } from "./visit.ts";

const inContainers = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;
const notOnWindows = "cannot be set for a windows pod";

function validateLinux(spec: PodSpec, path: Path): FieldError[] {
  const contexts = [[spec, path] as const, ...allContainers(spec, path)];
  return contexts.flatMap(([{ securityContext }, at]) => {
    if (!securityContext?.windowsOptions) return [];
    const text = "windows options cannot be set for a linux pod";
    return [forbidden(at.child("securityContext", "windowsOptions"), text)];
  });
}

function validateWindowsPod(spec: PodSpec, path: Path): FieldError[] {
  const context = spec.securityContext;
  const at = path.child("securityContext");
  const fields: [unknown, Path][] = [
    [context?.appArmorProfile, at.child("appArmorProfile")],
    [context?.seLinuxOptions, at.child("seLinuxOptions")],
    [spec.hostUsers, path.child("hostUsers")],
    [spec.hostPID || undefined, path.child("hostPID")],
    [spec.hostIPC || undefined, path.child("hostIPC")],
    [context?.seccompProfile, at.child("seccompProfile")],
    [context?.fsGroup, at.child("fsGroup")],
    [context?.fsGroupChangePolicy, at.child("fsGroupChangePolicy")],
    [context?.sysctls?.length || undefined, at.child("sysctls")],
    [spec.shareProcessNamespace, path.child("shareProcessNamespace")],
    [context?.runAsUser, at.child("runAsUser")],
    [context?.runAsGroup, at.child("runAsGroup")],
    [context?.supplementalGroups, at.child("supplementalGroups")],
    [context?.supplementalGroupsPolicy, at.child("supplementalGroupsPolicy")],
    [context?.seLinuxChangePolicy, at.child("seLinuxChangePolicy")],
  ];
  return fields.flatMap(([value, field]) => (value === undefined ? [] : [forbidden(field, notOnWindows)]));
}

function validateWindows(spec: PodSpec, path: Path): FieldError[] {
  const errors = validateWindowsPod(spec, path);
  for (const [{ securityContext }, at] of allContainers(spec, path)) {
    for (const name of inContainers) {
      if (securityContext?.[name] === undefined) continue;
      errors.push(forbidden(at.child("securityContext", name), notOnWindows));
    }
  }
  return errors;
}

/** spec.os and what follows from it. */
export function validateOs(spec: PodSpec, path: Path): FieldError[] {
  if (!spec.os) return [];
  const { name } = spec.os;
  if (!name) return [required(path.child("os", "name"), "")];
  if (name === "linux") return validateLinux(spec, path);
  if (name === "windows") return validateWindows(spec, path);
  return [notSupported(path.child("os"), name, ["linux", "windows"])];
}
