/** Tolerations. */
import { type FieldError, invalid, notSupportedAsListed, type Path } from "../../apimachinery/validation/field.ts";
import { isQualifiedName, isValidLabelValue } from "../../apimachinery/validation/names.ts";
import type { Toleration } from "../../openapi/types/core-v1.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function validateOne({ key, operator, value, effect, tolerationSeconds }: Toleration, path: Path): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child("operator");
  if (key) errors.push(...isQualifiedName(key).map((problem) => invalid(path.child("key"), key, problem)));
  if (!key && operator !== "Exists") {
    const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(at, operator ?? "", text));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    errors.push(
      invalid(path.child("effect"), effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    );
  }
  if (!operator || operator === "Equal") {
    errors.push(...isValidLabelValue(value ?? "").map((problem) => invalid(at, value ?? "", problem)));
  } else if (operator === "Exists") {
    if (value) errors.push(invalid(at, value, "value must be empty when `operator` is 'Exists'"));
  } else errors.push(notSupportedAsListed(at, operator, ["Equal", "Exists"]));
  if (effect && !effects.includes(effect)) errors.push(notSupportedAsListed(path.child("effect"), effect, effects));
  return errors;
}

/** All tolerations of a pod. */
export function validateTolerations(tolerations: readonly Toleration[] | undefined, path: Path): FieldError[] {
  return (tolerations ?? []).flatMap((toleration, index) => validateOne(toleration, path.index(index)));
}
