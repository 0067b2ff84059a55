/** Security contexts of pods and containers. */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  notSupportedAsListed,
  type Path,
} from "../../apimachinery/validation/field.ts";
import { isValidGroupID, isValidUserID } from "../../apimachinery/validation/names.ts";
import type { PodSpec, SecurityContext } from "../../openapi/types/core-v1.ts";
import { goSecurityContext } from "./go-values.ts";
import { validateAppArmor, validateSeccomp } from "./profiles.ts";
import { validateSysctls } from "./sysctls.ts";
import { allContainers } from "./visit.ts";
import { validateWindowsOptions } from "./windows-options.ts";

const check = (value: number | undefined, validate: (id: number) => string[], path: Path): FieldError[] =>
  value === undefined ? [] : validate(value).map((problem) => invalid(path, value, problem));

const oneOf = (value: string | undefined, known: readonly string[], path: Path): FieldError[] =>
  value === undefined || known.includes(value) ? [] : [notSupported(path, value, known)];

function validateProcMount(type: string | undefined, hostUsers: boolean, at: Path): FieldError[] {
  if (type === undefined) return [];
  const known = ["Default", "Unmasked"];
  if (!known.includes(type)) return [notSupportedAsListed(at, type, known)];
  if (type !== "Unmasked" || !hostUsers) return [];
  return [invalid(at, type, "`hostUsers` must be false to use `Unmasked`")];
}

function validateEscalation(context: SecurityContext, path: Path): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return [];
  const errors: FieldError[] = [];
  const text = "cannot set `allowPrivilegeEscalation` to false and";
  if (context.privileged) errors.push(invalid(path, goSecurityContext(context), `${text} \`privileged\` to true`));
  for (const capability of context.capabilities?.add ?? []) {
    if (capability !== "CAP_SYS_ADMIN") continue;
    errors.push(invalid(path, goSecurityContext(context), `${text} \`capabilities.Add\` CAP_SYS_ADMIN`));
  }
  return errors;
}

/** A container's. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  path: Path,
): FieldError[] {
  if (!context) return [];
  return [
    ...check(context.runAsUser, isValidUserID, path.child("runAsUser")),
    ...check(context.runAsGroup, isValidGroupID, path.child("runAsGroup")),
    ...validateProcMount(context.procMount, hostUsers, path.child("procMount")),
    ...validateSeccomp(context.seccompProfile, path.child("seccompProfile")),
    ...validateEscalation(context, path),
    ...validateWindowsOptions(context.windowsOptions, path.child("windowsOptions")),
    ...validateAppArmor(context.appArmorProfile, path.child("appArmorProfile")),
  ];
}

/** A pod's. `path` is the context's own. */
export function validatePodSecurityContext(spec: PodSpec, path: Path): FieldError[] {
  const { securityContext: context, hostPID, shareProcessNamespace } = spec;
  if (!context) return [];
  const shared: FieldError[] = [];
  if (shareProcessNamespace && hostPID) {
    const text = "ShareProcessNamespace and HostPID cannot both be enabled";
    shared.push(invalid(path.child("shareProcessNamespace"), true, text));
  }
  const groups = (context.supplementalGroups ?? []).flatMap((group, index) =>
    check(group, isValidGroupID, path.child("supplementalGroups").index(index)),
  );
  return [
    ...check(context.fsGroup, isValidGroupID, path.child("fsGroup")),
    ...check(context.runAsUser, isValidUserID, path.child("runAsUser")),
    ...check(context.runAsGroup, isValidGroupID, path.child("runAsGroup")),
    ...groups,
    ...shared,
    ...validateSysctls(spec, path.child("sysctls")),
    ...oneOf(context.fsGroupChangePolicy, ["Always", "OnRootMismatch"], path.child("fsGroupChangePolicy")),
    ...validateSeccomp(context.seccompProfile, path.child("seccompProfile")),
    ...validateWindowsOptions(context.windowsOptions, path.child("windowsOptions")),
    ...validateAppArmor(context.appArmorProfile, path.child("appArmorProfile")),
    ...oneOf(context.supplementalGroupsPolicy, ["Merge", "Strict"], path.child("supplementalGroupsPolicy")),
    ...oneOf(context.seLinuxChangePolicy, ["Recursive"], path.child("seLinuxChangePolicy")),
  ];
}

/** A pod may not have users of its own and share the host's namespaces. */
export function validateHostUsers(spec: PodSpec, path: Path): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const errors: FieldError[] = [];
  const text = "when `hostUsers` is false";
  if (spec.hostNetwork) errors.push(forbidden(path.child("hostNetwork"), text));
  if (spec.hostPID) errors.push(forbidden(path.child("HostPID"), text));
  if (spec.hostIPC) errors.push(forbidden(path.child("HostIPC"), text));
  for (const [{ volumeDevices }, at] of allContainers(spec, path)) {
    if (volumeDevices?.length) errors.push(forbidden(at.child("volumeDevices"), text));
  }
  return errors;
}
