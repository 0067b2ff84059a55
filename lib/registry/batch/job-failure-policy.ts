/** Validation of what a Job does when pods fail, and when it counts as a success (upstream: pkg/apis/batch/validation). */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  omitted,
  type Path,
  required,
  tooLong,
  tooMany,
} from "../../apimachinery/validation/field.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from "../../openapi/types/batch-v1.ts";
import { validateNonNegative } from "../validation/number.ts";
import { countIndexes } from "./indexes.ts";

const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
const operators = ["In", "NotIn"];
const statuses = ["False", "True", "Unknown"];
const maxRules = 20;
const maxExitCodes = 255;
const maxConditions = 20;
const maxIndexesBytes = 64 * 1024;

const quoted = (values: readonly string[]) => `valid values: [${values.map((value) => `"${value}"`).join(" ")}]`;

/** spec.podFailurePolicy */
export function validatePodFailurePolicy(spec: JobSpec, field: Path): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const rulesField = field.child("rules");
  const errors = rules.length > maxRules ? [tooMany(rulesField, rules.length, maxRules)] : [];
  const pod = spec.template.spec;
  const names = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name);
  for (const [index, rule] of rules.entries()) {
    errors.push(...validateRule(spec, rule, names, rulesField.index(index)));
  }
  return errors;
}

function validateRule(spec: JobSpec, rule: PodFailurePolicyRule, names: string[], field: Path): FieldError[] {
  const errors: FieldError[] = [];
  const at = field.child("action");
  if (!rule.action) errors.push(required(at, quoted(actions)));
  else if (rule.action === "FailIndex") {
    if (spec.backoffLimitPerIndex === undefined) {
      errors.push(invalid(at, rule.action, "requires the backoffLimitPerIndex to be set"));
    }
  } else if (!actions.includes(rule.action)) errors.push(notSupported(at, rule.action, actions));
  const conditions = rule.onPodConditions ?? [];
  if (rule.onExitCodes) errors.push(...validateExitCodes(rule.onExitCodes, names, field.child("onExitCodes")));
  errors.push(...validateConditions(conditions, field.child("onPodConditions")));
  if (rule.onExitCodes && conditions.length > 0) {
    errors.push(invalid(field, omitted, "specifying both OnExitCodes and OnPodConditions is not supported"));
  }
  if (!rule.onExitCodes && conditions.length === 0) {
    errors.push(invalid(field, omitted, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
  return errors;
}

type ExitCodes = NonNullable<PodFailurePolicyRule["onExitCodes"]>;

function validateExitCodes({ operator, values, containerName }: ExitCodes, names: string[], field: Path): FieldError[] {
  const errors: FieldError[] = [];
  const at = field.child("operator");
  if (!operator) errors.push(required(at, quoted(operators)));
  else if (!operators.includes(operator)) errors.push(notSupported(at, operator, operators));
  if (containerName !== undefined && !names.includes(containerName)) {
    const text = "must be one of the container or initContainer names in the pod template";
    errors.push(invalid(field.child("containerName"), containerName, text));
  }
  const codes = values ?? [];
  const valuesField = field.child("values");
  if (codes.length === 0) errors.push(invalid(valuesField, codes, "at least one value is required"));
  if (codes.length > maxExitCodes) errors.push(tooMany(valuesField, codes.length, maxExitCodes));
  for (const [index, code] of codes.entries()) {
    const place = valuesField.index(index);
    if (operator === "In" && code === 0) errors.push(invalid(place, code, "must not be 0 for the In operator"));
    if (codes.indexOf(code) < index) errors.push(duplicate(place, code));
  }
  const ordered = codes.every((code, index) => index === 0 || codes[index - 1] <= code);
  return ordered ? errors : [...errors, invalid(valuesField, codes, "must be ordered")];
}

function validateConditions(patterns: NonNullable<PodFailurePolicyRule["onPodConditions"]>, field: Path): FieldError[] {
  const errors = patterns.length > maxConditions ? [tooMany(field, patterns.length, maxConditions)] : [];
  for (const [index, { type, status }] of patterns.entries()) {
    const at = field.index(index);
    errors.push(...isQualifiedName(type).map((problem) => invalid(at.child("type"), type, problem)));
    if (!status) errors.push(required(at.child("status"), quoted(statuses)));
    else if (!statuses.includes(status)) errors.push(notSupported(at.child("status"), status, statuses));
  }
  return errors;
}

/** spec.successPolicy */
export function validateSuccessPolicy(spec: JobSpec, field: Path): FieldError[] {
  if (spec.completionMode !== "Indexed") {
    return [invalid(field, spec.successPolicy, "requires indexed completion mode")];
  }
  const rules = spec.successPolicy?.rules ?? [];
  const rulesField = field.child("rules");
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    errors.push(required(rulesField, "at least one rules must be specified when the successPolicy is specified"));
  }
  if (rules.length > maxRules) errors.push(tooMany(rulesField, rules.length, maxRules));
  for (const [index, rule] of rules.entries()) {
    errors.push(...validateSuccessRule(rule, spec.completions ?? 0, rulesField.index(index)));
  }
  return errors;
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, field: Path): FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined) {
    errors.push(required(field, "at least one of succeededCount or succeededIndexes must be specified"));
  }
  let total = 0;
  if (succeededIndexes !== undefined) {
    const at = field.child("succeededIndexes");
    if (succeededIndexes.length > maxIndexesBytes) errors.push(tooLong(at, maxIndexesBytes));
    const count = countIndexes(succeededIndexes, completions);
    if (typeof count === "string") {
      errors.push(invalid(at, succeededIndexes, `error parsing succeededIndexes: ${count}`));
    } else total = count;
  }
  if (succeededCount === undefined) return errors;
  const at = field.child("succeededCount");
  errors.push(...validateNonNegative(succeededCount, at));
  const bound = (most: number, what: string) => `must be less than or equal to ${most} (the number of ${what})`;
  if (succeededCount > completions) {
    errors.push(invalid(at, succeededCount, bound(completions, "specified completions")));
  }
  if (succeededIndexes !== undefined && succeededCount > total) {
    errors.push(invalid(at, succeededCount, bound(total, "indexes in the specified succeededIndexes field")));
  }
  return errors;
}
