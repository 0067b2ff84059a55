/** What a driver is told and only it understands (upstream: pkg/apis/resource/validation). */
import {
  type FieldError,
  invalid,
  omitted,
  type Path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import type { OpaqueDeviceConfiguration } from "../../openapi/types/resource-v1.ts";
import { validateDriverName } from "../core/persistentvolume/sources.ts";

const maxBytes = 10 * 1_024;

/** An object of any form. What is stored already may be longer. */
export function validateRawObject(value: unknown, field: Path, isStored: boolean): FieldError[] {
  if (value === undefined || value === null) return [required(field, "")];
  if (!isStored && Buffer.byteLength(JSON.stringify(value)) > maxBytes) return [tooLong(field, maxBytes)];
  if (typeof value === "object" && !Array.isArray(value)) return [];
  return [invalid(field, omitted, "must be a valid JSON object")];
}

/** Whose it is, and what it says. */
export function validateConfiguration(
  { opaque }: { readonly opaque?: OpaqueDeviceConfiguration },
  field: Path,
  isStored: boolean,
): FieldError[] {
  const at = field.child("opaque");
  if (!opaque) return [required(at, "")];
  return [
    ...validateDriverName(opaque.driver, at.child("driver")),
    ...validateRawObject(opaque.parameters, at.child("parameters"), isStored),
  ];
}
