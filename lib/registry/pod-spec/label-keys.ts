/** Keys whose values a pod's own labels give (matchLabelKeys, mismatchLabelKeys). */
import { type FieldError, forbidden, invalid, type Path } from "../../apimachinery/validation/field.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import type { LabelSelector } from "../../openapi/types/meta-v1.ts";

interface Keys {
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  readonly labelSelector?: LabelSelector;
}

function validateKeys(keys: readonly string[], selector: LabelSelector | undefined, path: Path): FieldError[] {
  if (keys.length === 0) return [];
  if (!selector) return [forbidden(path, "must not be specified when labelSelector is not set")];
  return keys.flatMap((key, index) => isQualifiedName(key).map((problem) => invalid(path.index(index), key, problem)));
}

/** What the pod's labels have added to the selector already shows up in it: only what stands there twice is wrong. */
function validateOverlap(keys: readonly string[], selector: LabelSelector | undefined, path: Path): FieldError[] {
  if (!selector) return [];
  const taken = new Set(Object.keys(selector.matchLabels ?? {}));
  return (selector.matchExpressions ?? []).flatMap(({ key = "" }) => {
    const index = keys.lastIndexOf(key);
    if (index >= 0 && taken.has(key)) {
      return [invalid(path.index(index), key, "exists in both matchLabelKeys and labelSelector")];
    }
    taken.add(key);
    return [];
  });
}

/** Both lists. `path` is that of what holds them. */
export function validateLabelKeys(holder: Keys, path: Path): FieldError[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = holder;
  const both = matchLabelKeys.flatMap((key, index) => {
    if (!mismatchLabelKeys.includes(key)) return [];
    const at = path.child("matchLabelKeys").index(index);
    return [invalid(at, key, "exists in both matchLabelKeys and mismatchLabelKeys")];
  });
  return [
    ...validateKeys(matchLabelKeys, labelSelector, path.child("matchLabelKeys")),
    ...validateKeys(mismatchLabelKeys, labelSelector, path.child("mismatchLabelKeys")),
    ...validateOverlap(matchLabelKeys, labelSelector, path),
    ...both,
  ];
}
