/** Seccomp and AppArmor profiles. */
import {
  type FieldError,
  invalid,
  notSupportedAsListed,
  type Path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import type { AppArmorProfile, SeccompProfile } from "../../openapi/types/core-v1.ts";
import { goProfile } from "./go-values.ts";
import { validateLocalDescendingPath } from "./volumes/paths.ts";

const types = ["Localhost", "RuntimeDefault", "Unconfined"];
/** PATH_MAX - 1 */
const maxProfileBytes = 4095;

/** A seccomp profile. */
export function validateSeccomp(profile: SeccompProfile | undefined, path: Path): FieldError[] {
  if (!profile) return [];
  const errors: FieldError[] = [];
  const { type = "", localhostProfile } = profile;
  const at = path.child("localhostProfile");
  if (type === "") errors.push(required(path.child("type"), "type is required when seccompProfile is set"));
  else if (!types.includes(type)) errors.push(notSupportedAsListed(path.child("type"), type, types));
  if (type !== "Localhost") {
    if (localhostProfile === undefined) return errors;
    return [...errors, invalid(at, goProfile(profile), "can only be set when seccomp type is Localhost")];
  }
  if (localhostProfile === undefined) errors.push(required(at, "must be set when seccomp type is Localhost"));
  else errors.push(...validateLocalDescendingPath(localhostProfile, at));
  return errors;
}

function validateLocalProfile(profile: string | undefined, at: Path): FieldError[] {
  const missing = required(at, "must be set when AppArmor type is Localhost");
  if (profile === undefined) return [missing];
  const errors: FieldError[] = [];
  if (profile.trim() !== profile) errors.push(invalid(at, profile, "must not be padded with whitespace"));
  else if (profile === "") errors.push(missing);
  if (Buffer.byteLength(profile) > maxProfileBytes) errors.push(tooLong(at, maxProfileBytes));
  return errors;
}

/** An AppArmor profile. */
export function validateAppArmor(profile: AppArmorProfile | undefined, path: Path): FieldError[] {
  if (!profile) return [];
  const { type = "", localhostProfile } = profile;
  const at = path.child("localhostProfile");
  if (type === "Localhost") return validateLocalProfile(localhostProfile, at);
  if (type === "") return [required(path.child("type"), "type is required when appArmorProfile is set")];
  if (!types.includes(type)) return [notSupportedAsListed(path.child("type"), type, types)];
  if (localhostProfile === undefined) return [];
  return [invalid(at, localhostProfile, "can only be set when AppArmor type is Localhost")];
}
