/** Equality and copies of JSON values. */

/** Whether two JSON values are equal. An absent field and an undefined one are the same; an empty list or map is not absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => deepEqual(item, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of Object.keys(left)) if (!deepEqual(left[key], right[key])) return false;
  for (const key of Object.keys(right)) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}

/** As deepEqual, and an empty list, an empty map and null equal an absent field (upstream: api/equality.Semantic). */
export function semanticEqual(a: unknown, b: unknown): boolean {
  return equalButForEmpty(a, b, isEmpty);
}

/**
 * As semanticEqual, but an empty object does not equal an absent one: in what has been decoded, empty maps are left
 * out already, and what is still empty is a struct that someone has set.
 */
export function decodedEqual(a: unknown, b: unknown): boolean {
  return equalButForEmpty(a, b, isEmptyList);
}

/** Whether two values are equal where all that `isAbsent` holds for is the same. */
function equalButForEmpty(a: unknown, b: unknown, isAbsent: (value: unknown) => boolean): boolean {
  if (a === b) return true;
  if (isAbsent(a) && isAbsent(b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => equalButForEmpty(item, b[index], isAbsent));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of Object.keys(left)) if (!equalButForEmpty(left[key], right[key], isAbsent)) return false;
  for (const key of Object.keys(right)) if (!(key in left) && !isAbsent(right[key])) return false;
  return true;
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** A copy that shares nothing with `value`, which must be JSON. */
export function deepCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(deepCopy) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = deepCopy((value as Record<string, unknown>)[key]);
  return copy as T;
}
