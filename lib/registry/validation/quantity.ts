/** Checks of amounts (upstream: pkg/apis/core/validation). */
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import { type FieldError, invalid, type Path } from "../../apimachinery/validation/field.ts";

/** An amount above zero. */
export function validatePositiveQuantity(text: string, field: Path): FieldError[] {
  return parseQuantity(text).sign() > 0 ? [] : [invalid(field, text, "must be greater than zero")];
}

/** An amount that is not negative, in upstream's older words. */
export function validateBasicResource(text: string, field: Path): FieldError[] {
  return parseQuantity(text).sign() < 0 ? [invalid(field, text, "must be a valid resource quantity")] : [];
}

/** The amount, or zero where there is none. */
export const quantityOf = (text: string | undefined): Quantity => parseQuantity(text ?? "0");
