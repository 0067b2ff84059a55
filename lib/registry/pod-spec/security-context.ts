/** Security contexts of pods and containers. */
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isValidGroupID, isValidUserID } from "../../apimachinery/validation/names.ts";
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from "../../openapi/types/core-v1.ts";

const sysctlPattern = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const sysctlName = new RegExp(sysctlPattern);

function user(value: number | undefined, path: Path): FieldError[] {
  return value === undefined ? [] : isValidUserID(value).map((problem) => invalid(path, value, problem));
}

function group(value: number | undefined, path: Path): FieldError[] {
  return value === undefined ? [] : isValidGroupID(value).map((problem) => invalid(path, value, problem));
}

function validateSeccomp(profile: SeccompProfile | undefined, path: Path): FieldError[] {
  if (!profile) return [];
  if (!profile.type) return [required(path.child("type"), "type is required when seccompProfile is set")];
  if (profile.type === "Localhost") {
    if (!profile.localhostProfile)
      return [required(path.child("localhostProfile"), "must be set when seccomp type is Localhost")];
    return validateLocalPath(profile.localhostProfile, path.child("localhostProfile"));
  }
  const errors: FieldError[] = [];
  if (profile.localhostProfile !== undefined) {
    errors.push(
      invalid(
        path.child("localhostProfile"),
        profile.localhostProfile,
        "can only be set when seccomp type is Localhost",
      ),
    );
  }
  if (profile.type !== "RuntimeDefault" && profile.type !== "Unconfined") {
    errors.push(notSupported(path.child("type"), profile.type, ["Localhost", "RuntimeDefault", "Unconfined"]));
  }
  return errors;
}

function validateAppArmor(profile: AppArmorProfile | undefined, path: Path): FieldError[] {
  if (!profile) return [];
  const errors: FieldError[] = [];
  if (profile.type === "Localhost") {
    if (!profile.localhostProfile?.trim()) {
      errors.push(required(path.child("localhostProfile"), "must be set when AppArmor type is Localhost"));
    }
    return errors;
  }
  if (profile.localhostProfile !== undefined) {
    errors.push(
      invalid(
        path.child("localhostProfile"),
        profile.localhostProfile,
        "can only be set when AppArmor type is Localhost",
      ),
    );
  }
  if (!profile.type) errors.push(required(path.child("type"), "type is required when appArmorProfile is set"));
  else if (profile.type !== "RuntimeDefault" && profile.type !== "Unconfined") {
    errors.push(notSupported(path.child("type"), profile.type, ["Localhost", "RuntimeDefault", "Unconfined"]));
  }
  return errors;
}

/** A path below a folder: relative, and never upwards. */
export function validateLocalPath(text: string, path: Path): FieldError[] {
  if (text.startsWith("/")) return [invalid(path, text, "must be a relative path")];
  return text.split("/").includes("..") ? [invalid(path, text, "must not contain '..'")] : [];
}

/** A container's. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  path: Path,
): FieldError[] {
  if (!context) return [];
  const errors: FieldError[] = [];
  errors.push(
    ...user(context.runAsUser, path.child("runAsUser")),
    ...group(context.runAsGroup, path.child("runAsGroup")),
  );
  if (context.procMount && context.procMount !== "Default" && context.procMount !== "Unmasked") {
    errors.push(notSupported(path.child("procMount"), context.procMount, ["Default", "Unmasked"]));
  }
  if (context.procMount === "Unmasked" && hostUsers) {
    errors.push(invalid(path.child("procMount"), context.procMount, "`hostUsers` must be false to use `Unmasked`"));
  }
  errors.push(...validateSeccomp(context.seccompProfile, path.child("seccompProfile")));
  if (context.allowPrivilegeEscalation === false) {
    const at = path.toString() === "" ? path : path;
    if (context.privileged) {
      errors.push(invalid(at, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
    }
    if (context.capabilities?.add?.includes("CAP_SYS_ADMIN")) {
      const text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
      errors.push(invalid(at, context, text));
    }
  }
  return [...errors, ...validateAppArmor(context.appArmorProfile, path.child("appArmorProfile"))];
}

/** A pod's, with the namespaces that it shares with its host. */
export function validatePodSecurityContext(spec: PodSpec, specPath: Path): FieldError[] {
  const { securityContext: context, hostPID, hostNetwork, hostIPC } = spec;
  const path = specPath.child("securityContext");
  const errors: FieldError[] = [];
  if (spec.shareProcessNamespace && hostPID) {
    errors.push(
      invalid(path.child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled"),
    );
  }
  if (!context) return errors;
  errors.push(...group(context.fsGroup, path.child("fsGroup")), ...user(context.runAsUser, path.child("runAsUser")));
  errors.push(...group(context.runAsGroup, path.child("runAsGroup")));
  for (const [index, one] of (context.supplementalGroups ?? []).entries()) {
    errors.push(...group(one, path.child("supplementalGroups").index(index)));
  }
  errors.push(...validateSysctls(context.sysctls, hostNetwork === true, hostIPC === true, path.child("sysctls")));
  const { fsGroupChangePolicy: policy, supplementalGroupsPolicy: groups } = context;
  if (policy !== undefined && policy !== "Always" && policy !== "OnRootMismatch") {
    errors.push(notSupported(path.child("fsGroupChangePolicy"), policy, ["Always", "OnRootMismatch"]));
  }
  if (groups !== undefined && groups !== "Merge" && groups !== "Strict") {
    errors.push(notSupported(path.child("supplementalGroupsPolicy"), groups, ["Merge", "Strict"]));
  }
  errors.push(...validateSeccomp(context.seccompProfile, path.child("seccompProfile")));
  return [...errors, ...validateAppArmor(context.appArmorProfile, path.child("appArmorProfile"))];
}

function validateSysctls(
  sysctls: readonly { name: string; value: string }[] | undefined,
  hostNetwork: boolean,
  hostIPC: boolean,
  path: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name }] of (sysctls ?? []).entries()) {
    const at = path.index(index).child("name");
    if (!name) errors.push(required(at, ""));
    else if (name.length > 253 || !sysctlName.test(name)) {
      errors.push(invalid(at, name, `must have at most 253 characters and match regex ${sysctlPattern}`));
    } else if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    if (hostNetwork && name?.startsWith("net.")) {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    }
    if (hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(name)) {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
  }
  return errors;
}

/** A pod may not have users of its own and share the host's namespaces. */
export function validateHostUsers(spec: PodSpec, path: Path): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const errors: FieldError[] = [];
  for (const name of ["hostNetwork", "hostPID", "hostIPC"] as const) {
    if (spec[name]) errors.push(forbidden(path.child(name), "when `hostUsers` is false"));
  }
  return errors;
}
