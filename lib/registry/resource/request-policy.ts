/** How much of a device's capacity a request may take (upstream: pkg/apis/resource/validation). */
import { parseQuantity, type Quantity } from "../../apimachinery/quantity.ts";
import { type FieldError, forbidden, invalid, type Path, required } from "../../apimachinery/validation/field.ts";
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from "../../openapi/types/resource-v1.ts";
import { validateSet } from "./lists.ts";

const maxOptions = 10;

function validateOptions(options: readonly string[], usual: Quantity, capacity: Quantity, field: Path): FieldError[] {
  const amounts = options.map(parseQuantity);
  const errors = amounts.flatMap((amount, index) => {
    if (index === 0 || amounts[index - 1].cmp(amount) <= 0) return [];
    return [invalid(field.index(index), amount.toString(), "values must be sorted in ascending order")];
  });
  const tooLarge = (amount: Quantity, at: Path) =>
    amount.cmp(capacity) > 0
      ? [invalid(at, amount.toString(), `option is larger than capacity value: ${capacity}`)]
      : [];
  errors.push(...validateSet(amounts, maxOptions, field, tooLarge, (amount) => String(amount.value())));
  if (amounts.some((amount) => amount.cmp(usual) === 0)) return errors;
  return [...errors, invalid(field, usual.toString(), "default value is not valid according to the requestPolicy")];
}

function validateStep(step: Quantity, least: Quantity, values: readonly Quantity[], capacity: Quantity, field: Path) {
  if (step.sign() <= 0) return [invalid(field, step.toString(), "must be greater than zero")];
  const one = least.add(step);
  const errors: FieldError[] = [];
  if (one.cmp(capacity) > 0) {
    errors.push(invalid(field, step.toString(), `one step ${one} is larger than capacity value: ${capacity}`));
  }
  for (const value of values) {
    if ((value.value() - least.value()) % step.value() === 0n) continue;
    errors.push(invalid(field, value.toString(), `value is not a multiple of a given step (${step}) from (${least})`));
  }
  return errors;
}

function validateRange(range: CapacityRequestPolicyRange, usual: Quantity, capacity: Quantity, field: Path) {
  if (range.min === undefined) return [required(field.child("min"), "required when validRange is defined")];
  const least = parseQuantity(range.min);
  const most = range.max === undefined ? undefined : parseQuantity(range.max);
  const errors: FieldError[] = [];
  const refuse = (name: string, value: Quantity, text: string) =>
    errors.push(invalid(field.child(name), value.toString(), text));
  if (least.cmp(capacity) > 0) refuse("min", least, `min is larger than capacity value: ${capacity}`);
  if (usual.cmp(least) < 0) refuse("default", usual, `default is less than min: ${least}`);
  if (most) {
    if (least.cmp(most) > 0) refuse("max", least, `min is larger than max: ${most}`);
    if (most.cmp(capacity) > 0) refuse("max", most, `max is larger than capacity value: ${capacity}`);
    if (usual.cmp(most) > 0) refuse("default", usual, `default is more than max: ${most}`);
  }
  if (range.step === undefined) return errors;
  const values = most ? [usual, most] : [usual];
  return [...errors, ...validateStep(parseQuantity(range.step), least, values, capacity, field.child("step"))];
}

function validatePolicy(policy: CapacityRequestPolicy, capacity: Quantity, field: Path): FieldError[] {
  const { validValues = [], validRange, default: usual } = policy;
  if (validValues.length > 0 && validRange) {
    const text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(field, text)];
  }
  const name = validValues.length > 0 ? "validValues" : validRange ? "validRange" : undefined;
  if (name === undefined) return [];
  // Go writes it always: null where nothing was said.
  if (!usual) return [required(field.child("default"), `required when ${name} is defined`)];
  const amount = parseQuantity(usual);
  if (validRange) return validateRange(validRange, amount, capacity, field.child(name));
  return validateOptions(validValues, amount, capacity, field.child(name));
}

/** A capacity: only of a device that many may have, requests for parts of it have a policy. */
export function validateCapacity({ value, requestPolicy }: DeviceCapacity, field: Path, isShared: boolean) {
  if (!requestPolicy) return [];
  const at = field.child("requestPolicy");
  if (!isShared) return [forbidden(at, "allowMultipleAllocations must be true")];
  return validatePolicy(requestPolicy, parseQuantity(value ?? "0"), at);
}
