/** Lists that have a most, and sets, which have nothing twice (upstream: pkg/apis/resource/validation). */
import { duplicate, type FieldError, type Path, tooMany } from "../../apimachinery/validation/field.ts";

type Validate<T> = (item: T, field: Path) => FieldError[];

/** Each item; of a list that is too long, only that is said. */
export function validateList<T>(
  list: readonly T[] | null | undefined,
  most: number,
  field: Path,
  validate: Validate<T>,
): FieldError[] {
  if (!list) return [];
  if (list.length > most) return [tooMany(field, list.length, most)];
  return list.flatMap((item, index) => validate(item, field.index(index)));
}

/** As validateList; items with the key of an earlier one are doubles. `shown` is how the key appears in the message. */
export function validateSet<T>(
  list: readonly T[] | null | undefined,
  most: number,
  field: Path,
  validate: Validate<T>,
  keyOf: (item: T) => string,
  shown: (item: T) => unknown = keyOf,
): FieldError[] {
  const errors = validateList(list, most, field, validate);
  if (!list || list.length > most) return errors;
  const keys = list.map(keyOf);
  const doubles = list.flatMap((item, index) =>
    keys.indexOf(keys[index]) < index ? [duplicate(field.index(index), shown(item))] : [],
  );
  return [...errors, ...doubles];
}
