/** Conditions that are awaited before a pod is bound (upstream: pkg/apis/resource/validation). */
import { type FieldError, invalid, type Path } from "../../apimachinery/validation/field.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import { validateSet } from "./lists.ts";

const most = 4;

/** What both devices and results of allocations have. */
interface Bound {
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
}

const validateNames = (names: readonly string[], field: Path) =>
  validateSet(
    names,
    most,
    field,
    (name, at) => isQualifiedName(name).map((problem) => invalid(at, name, problem)),
    (name) => name,
  );

/** Both lists or neither, with no condition in both. */
export function validateBindingConditions(
  { bindingConditions: good = [], bindingFailureConditions: bad = [] }: Bound,
  field: Path,
): FieldError[] {
  const [goodName, badName] = ["bindingConditions", "bindingFailureConditions"];
  const errors = [...validateNames(good, field.child(goodName)), ...validateNames(bad, field.child(badName))];
  for (const [index, condition] of bad.entries()) {
    if (!good.includes(condition)) continue;
    errors.push(invalid(field.child(badName).index(index), condition, `${badName} must not overlap with ${goodName}`));
  }
  const needs = (missing: string, has: string) =>
    errors.push(invalid(field.child(missing), null, `${missing} are required to use ${has}`));
  if (good.length === 0 && bad.length > 0) needs(goodName, badName);
  if (bad.length === 0 && good.length > 0) needs(badName, goodName);
  return errors;
}
