/** Tolerations. */
import { type FieldError, invalid, notSupportedAsListed, type Path } from "../../apimachinery/validation/field.ts";
import { isQualifiedName, isValidLabelValue } from "../../apimachinery/validation/names.ts";
import type { Toleration } from "../../openapi/types/core-v1.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

function validateOperator(operator: string, value: string, at: Path): FieldError[] {
  switch (operator) {
    case "":
    case "Equal": {
      const problems = isValidLabelValue(value);
      return problems.length === 0 ? [] : [invalid(at, value, problems.join(";"))];
    }
    case "Exists":
      return value === "" ? [] : [invalid(at, value, "value must be empty when `operator` is 'Exists'")];
    // Comparisons are an alpha feature, which is off.
    case "Lt":
    case "Gt":
      return [notSupportedAsListed(at, operator, ["Equal", "Exists", "Lt", "Gt"])];
    default:
      return [notSupportedAsListed(at, operator, ["Equal", "Exists"])];
  }
}

function validateOne(toleration: Toleration, path: Path): FieldError[] {
  const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
  const errors: FieldError[] = [];
  if (key !== "") errors.push(...isQualifiedName(key).map((problem) => invalid(path.child("key"), key, problem)));
  else if (operator !== "Exists") {
    const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(path.child("operator"), operator, text));
  }
  const at = path.child("effect");
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    errors.push(invalid(at, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  errors.push(...validateOperator(operator, value, path.child("operator")));
  if (effect === "" || effects.includes(effect)) return errors;
  return [...errors, notSupportedAsListed(at, effect, effects)];
}

/** All tolerations of a pod. */
export function validateTolerations(tolerations: readonly Toleration[] | undefined, path: Path): FieldError[] {
  return (tolerations ?? []).flatMap((toleration, index) => validateOne(toleration, path.index(index)));
}
