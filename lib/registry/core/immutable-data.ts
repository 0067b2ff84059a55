/** What ConfigMaps and Secrets share: keys, sizes, and that they can be sealed. */
import { deepEqual } from "../../apimachinery/equality.ts";
import { type FieldError, forbidden, invalid, type Path, path } from "../../apimachinery/validation/field.ts";
import { isConfigMapKey } from "../../apimachinery/validation/names.ts";

/** How many bytes the values of a ConfigMap or Secret may have. */
export const maxDataBytes = 1_048_576;

const sealed = "field is immutable when `immutable` is set";

/** The number of bytes that base64 text stands for. */
export function base64Bytes(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/** Keys that can be file names. */
export function validateDataKeys(data: Record<string, string> | undefined, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(data ?? {})) {
    errors.push(...isConfigMapKey(key).map((problem) => invalid(field.key(key), key, problem)));
  }
  return errors;
}

interface Sealable {
  immutable?: boolean;
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/** An object that was sealed stays so, with what it holds. */
export function validateSealed(object: Sealable, old: Sealable): FieldError[] {
  if (old.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (object.immutable !== true) errors.push(forbidden(path("immutable"), sealed));
  for (const name of ["data", "binaryData"] as const) {
    if (!deepEqual(object[name] ?? {}, old[name] ?? {})) errors.push(forbidden(path(name), sealed));
  }
  return errors;
}
