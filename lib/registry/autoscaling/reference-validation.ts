/** What autoscalers refer to (upstream: pkg/apis/autoscaling/validation). */
import { parseApiVersion } from "../../apimachinery/meta.ts";
import { type FieldError, invalid, type Path, required } from "../../apimachinery/validation/field.ts";
import { isValidPathSegmentName } from "../../apimachinery/validation/names.ts";
import type { CrossVersionObjectReference } from "../../openapi/types/autoscaling-v2.ts";

/** How strictly a reference's apiVersion is taken: `any` of what was there before, `core` without a group too. */
export interface ReferenceOptions {
  readonly apiVersion: "any" | "core" | "group";
}

/** What is wrong with the apiVersion; undefined where it is good. */
export function apiVersionProblem(
  reference: CrossVersionObjectReference | undefined,
  { apiVersion: strictness }: ReferenceOptions,
): string | undefined {
  if (strictness === "any") return undefined;
  const given = reference?.apiVersion ?? "";
  const parsed = parseApiVersion(given);
  if (given !== "" && !parsed) return `unexpected GroupVersion string: ${given}`;
  return strictness === "group" && !parsed?.group ? "apiVersion must specify API group" : undefined;
}

/** A reference: kind and name that can stand in a path, and an apiVersion. */
export function validateReference(
  reference: CrossVersionObjectReference | undefined,
  field: Path,
  options: ReferenceOptions,
): FieldError[] {
  const errors = (["kind", "name"] as const).flatMap((name) => {
    const value = reference?.[name];
    const at = field.child(name);
    return value ? isValidPathSegmentName(value).map((problem) => invalid(at, value, problem)) : [required(at, "")];
  });
  const problem = apiVersionProblem(reference, options);
  return problem === undefined
    ? errors
    : [...errors, invalid(field.child("apiVersion"), reference?.apiVersion ?? "", problem)];
}
