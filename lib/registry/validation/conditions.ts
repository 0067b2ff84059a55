/** Conditions as most kinds have them (upstream: apimachinery/pkg/apis/meta/v1/validation). */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
  tooLong,
} from "../../apimachinery/validation/field.ts";
import { isQualifiedName, regexError } from "../../apimachinery/validation/names.ts";
import type { Condition } from "../../openapi/types/meta-v1.ts";

const reasonPattern = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const wholeReason = new RegExp(`^${reasonPattern}$`);
const reasonText =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const reasonExamples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
const maxReasonBytes = 1_024;
const maxMessageBytes = 32 * 1_024;
const unset = "must be set";

function validateReason(reason: string | undefined, field: Path): FieldError[] {
  if (!reason) return [required(field, unset)];
  const errors: FieldError[] = [];
  if (!wholeReason.test(reason)) {
    errors.push(invalid(field, reason, regexError(reasonText, reasonPattern, ...reasonExamples)));
  }
  if (Buffer.byteLength(reason) > maxReasonBytes) errors.push(tooLong(field, maxReasonBytes));
  return errors;
}

function validateCondition(condition: Condition, field: Path): FieldError[] {
  const { type = "", status = "", observedGeneration = 0, lastTransitionTime, reason, message = "" } = condition;
  const errors = isQualifiedName(type).map((problem) => invalid(field.child("type"), type, problem));
  const statuses = ["False", "True", "Unknown"];
  if (!statuses.includes(status)) errors.push(notSupported(field.child("status"), status, statuses));
  if (observedGeneration < 0) {
    const text = "must be greater than or equal to zero";
    errors.push(invalid(field.child("observedGeneration"), observedGeneration, text));
  }
  if (!lastTransitionTime) errors.push(required(field.child("lastTransitionTime"), unset));
  errors.push(...validateReason(reason, field.child("reason")));
  if (Buffer.byteLength(message) > maxMessageBytes) errors.push(tooLong(field.child("message"), maxMessageBytes));
  return errors;
}

/** Each condition, and that no two have one type. */
export function validateConditionList(conditions: readonly Condition[] | undefined, field: Path): FieldError[] {
  const types = (conditions ?? []).map(({ type }) => type);
  return (conditions ?? []).flatMap((condition, index) => {
    const at = field.index(index);
    const twice = types.indexOf(condition.type) < index ? [duplicate(at.child("type"), condition.type)] : [];
    return [...twice, ...validateCondition(condition, at)];
  });
}
