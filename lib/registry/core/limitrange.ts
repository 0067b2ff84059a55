/** LimitRanges (upstream: pkg/registry/core/limitrange). */
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isQualifiedName } from "../../apimachinery/validation/names.ts";
import type { LimitRange, LimitRangeItem } from "../../openapi/types/core-v1.ts";
import type { Strategy } from "../strategy.ts";
import {
  isOvercommitAllowed,
  validateContainerResourceName,
  validateResourceName,
} from "../validation/resource-names.ts";

const limitsField = path("spec", "limits");
const types = ["Container", "PersistentVolumeClaim", "Pod"];
const lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

/** Limits of containers follow from their maximum, requests from limits, then from the minimum. */
function setDefaults({ spec }: LimitRange): void {
  for (const item of spec.limits ?? []) {
    if (item.type !== "Container") continue;
    item.default = { ...item.max, ...item.default };
    item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
  }
}

function validateType(type: string, field: Path): FieldError[] {
  const problems = isQualifiedName(type).map((problem) => invalid(field, type, problem));
  if (problems.length > 0 || type.includes("/") || types.includes(type)) return problems;
  return [invalid(field, type, "must be a standard limit type or fully qualified")];
}

function validateNames(item: LimitRangeItem, field: Path): FieldError[] {
  const check = item.type === "Pod" || item.type === "Container" ? validateContainerResourceName : validateResourceName;
  const errors: FieldError[] = [];
  for (const list of lists) {
    const at = field.child(list);
    const names = Object.keys(item[list] ?? {});
    if (item.type === "Pod" && (list === "default" || list === "defaultRequest")) {
      if (names.length > 0) errors.push(forbidden(at, "may not be specified when `type` is 'Pod'"));
    } else errors.push(...names.flatMap((name) => check(name, at.key(name))));
  }
  if (item.type === "PersistentVolumeClaim" && !item.min?.storage && !item.max?.storage) {
    const text = "either minimum or maximum storage value is required, but neither was provided";
    errors.push(required(field.child("limits"), text));
  }
  return errors;
}

/** The bounds of one resource. */
type Bounds = Partial<Record<(typeof lists)[number], Quantity>>;

function boundsOf(item: LimitRangeItem, name: string): Bounds {
  const bounds: Bounds = {};
  for (const list of lists) {
    const text = item[list]?.[name];
    if (text !== undefined) bounds[list] = parseQuantity(text);
  }
  if (item.type === "Pod") {
    delete bounds.default;
    delete bounds.defaultRequest;
  }
  return bounds;
}

function validateBounds(name: string, bounds: Bounds, field: Path): FieldError[] {
  const { min, max, default: limit, defaultRequest: request } = bounds;
  const errors: FieldError[] = [];
  const above = (low: Quantity | undefined, high: Quantity | undefined) => low && high && low.cmp(high) > 0;
  const report = (list: string, value: Quantity | undefined, text: string) =>
    errors.push(invalid(field.child(list).key(name), String(value), text));
  if (above(min, max)) report("min", min, `min value ${min} is greater than max value ${max}`);
  if (above(min, request)) {
    report("defaultRequest", request, `min value ${min} is greater than default request value ${request}`);
  }
  if (above(request, max)) {
    report("defaultRequest", request, `default request value ${request} is greater than max value ${max}`);
  }
  if (above(request, limit)) {
    report("defaultRequest", request, `default request value ${request} is greater than default limit value ${limit}`);
  }
  if (above(min, limit)) report("default", min, `min value ${min} is greater than default value ${limit}`);
  if (above(limit, max)) report("default", max, `default value ${limit} is greater than max value ${max}`);
  if (!isOvercommitAllowed(name) && limit && request && limit.cmp(request) !== 0) {
    report(
      "defaultRequest",
      request,
      `default value ${limit} must equal to defaultRequest value ${request} in ${name}`,
    );
  }
  return [...errors, ...validateRatio(name, bounds, field)];
}

function validateRatio(name: string, { min, max, maxLimitRequestRatio: ratio }: Bounds, field: Path): FieldError[] {
  if (!ratio) return [];
  const errors: FieldError[] = [];
  const at = field.child("maxLimitRequestRatio").key(name);
  if (ratio.cmp(parseQuantity("1")) < 0) errors.push(invalid(at, String(ratio), `ratio ${ratio} is less than 1`));
  if (!min || !max) return errors;
  const most = Number(max.milliValue()) / Number(min.milliValue());
  if (Number(ratio.milliValue()) / 1000 <= most) return errors;
  return [...errors, invalid(at, String(ratio), `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`)];
}

function validate({ spec }: LimitRange): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, item] of (spec.limits ?? []).entries()) {
    const field = limitsField.index(index);
    errors.push(...validateType(item.type, field.child("type")));
    if (seen.has(item.type)) errors.push(duplicate(field.child("type"), item.type));
    seen.add(item.type);
    errors.push(...validateNames(item, field));
    const names = new Set(lists.flatMap((list) => Object.keys(item[list] ?? {})));
    for (const name of names) errors.push(...validateBounds(name, boundsOf(item, name), field));
  }
  return errors;
}

/** limitranges */
export const limitRangeStrategy: Strategy<LimitRange> = {
  allowCreateOnUpdate: true,
  setDefaults,
  prepareForCreate(range, { random }) {
    range.metadata.name ||= random.uuid();
  },
  validate,
  validateUpdate: validate,
};
