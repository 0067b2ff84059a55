/** Checks of numbers that several kinds share (upstream: apimachinery/pkg/api/validation and pkg/apis/core/validation). */
import { type FieldError, invalid, type Path } from "../../apimachinery/validation/field.ts";
import { isInRange, isValidPercent, isValidPortName, isValidPortNum } from "../../apimachinery/validation/names.ts";

/** What is said of a number below zero. */
export const nonNegativeText = "must be greater than or equal to 0";

/** A number that may be absent, and must not be below zero. */
export function validateNonNegative(value: number | undefined, field: Path): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(field, value, nonNegativeText)] : [];
}

/** A port by number or by the name of a container's port. */
export function validatePortNumOrName(port: number | string | undefined, field: Path): FieldError[] {
  const problems = typeof port === "string" ? isValidPortName(port) : isValidPortNum(port ?? 0);
  return problems.map((problem) => invalid(field, port ?? 0, problem));
}

/** A count, or a percentage: neither below zero. */
export function validatePositiveIntOrPercent(value: number | string | undefined, field: Path): FieldError[] {
  if (typeof value !== "string") return validateNonNegative(value, field);
  return isValidPercent(value).map((problem) => invalid(field, value, problem));
}

/** The number in front of a percent sign; undefined: a count, or no percentage. */
export function percentOf(value: number | string | undefined): number | undefined {
  if (typeof value !== "string" || isValidPercent(value).length > 0) return undefined;
  return Number(value.slice(0, -1));
}

/** A percentage of more than a hundred. */
export function validateAtMostHundredPercent(value: number | string | undefined, field: Path): FieldError[] {
  const percent = percentOf(value);
  return percent !== undefined && percent > 100 ? [invalid(field, value, "must not be greater than 100%")] : [];
}

/** A number of a range, both ends included. */
export function validateInRange(value: number, low: number, high: number, field: Path): FieldError[] {
  return isInRange(value, low, high).map((problem) => invalid(field, value, problem));
}
