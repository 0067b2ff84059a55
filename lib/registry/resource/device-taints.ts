/** Taints of devices, and tolerations (upstream: pkg/apis/resource/validation). */
import { type FieldError, invalid, notSupported, type Path, required } from "../../apimachinery/validation/field.ts";
import { isQualifiedName, isValidLabelValue } from "../../apimachinery/validation/names.ts";
import type { DeviceTaint, DeviceToleration } from "../../openapi/types/resource-v1.ts";

const effects = ["NoExecute", "NoSchedule", "None"];

const validateKey = (key: string, field: Path) => isQualifiedName(key).map((problem) => invalid(field, key, problem));
const validateValue = (value: string, field: Path) =>
  isValidLabelValue(value).map((problem) => invalid(field, value, problem));

/** What keeps claims away from a device. */
export function validateDeviceTaint({ key = "", value = "", effect = "" }: DeviceTaint, field: Path): FieldError[] {
  const at = field.child("effect");
  const errors = [...validateKey(key, field.child("key")), ...validateValue(value, field.child("value"))];
  if (effect === "") return [...errors, required(at, "")];
  return effects.includes(effect) ? errors : [...errors, notSupported(at, effect, effects)];
}

function validateOperator(operator: string, value: string, field: Path): FieldError[] {
  const at = field.child("value");
  const place = field.child("operator");
  if (operator === "Exists") return value === "" ? [] : [invalid(at, value, "must be empty for operator `Exists`")];
  if (operator === "Equal") return validateValue(value, at);
  return operator === "" ? [required(place, "")] : [notSupported(place, operator, ["Equal", "Exists"])];
}

/** What lets a claim have a device in spite of its taints. */
export function validateDeviceToleration(toleration: DeviceToleration, field: Path): FieldError[] {
  const { key = "", operator = "", value = "", effect = "" } = toleration;
  return [
    ...(key === "" ? [] : validateKey(key, field.child("key"))),
    ...validateOperator(operator, value, field),
    ...(effect === "" || effects.includes(effect) ? [] : [notSupported(field.child("effect"), effect, effects)]),
  ];
}
