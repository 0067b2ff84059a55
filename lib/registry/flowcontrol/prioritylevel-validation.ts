/** PriorityLevelConfigurations (upstream: pkg/apis/flowcontrol/validation). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from "../../openapi/types/flowcontrol-v1.ts";
import { same } from "../validation/generation.ts";
import { goValue } from "../validation/go-value.ts";
import { validateInRange } from "../validation/number.ts";
import { validateConditions } from "./conditions-validation.ts";

const specField = path("spec");
const maxQueues = 10_000_000;
/** What hands are dealt by has this many bits (upstream: apiserver/pkg/util/shufflesharding). */
const maxHashBits = 60;

/** The levels that nobody may change, but for how much the first one lends. */
const mandatory: Readonly<Record<string, PriorityLevelConfigurationSpec>> = {
  exempt: { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  "catch-all": {
    type: "Limited",
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: "Reject" } },
  },
};

/** How many bits it takes to deal a hand of different queues. */
function entropyBits(queues: number, handSize: number): number {
  let bits = 0;
  for (let dealt = 0; dealt < handSize; dealt++) bits += Math.log2(queues - dealt);
  return Math.ceil(bits);
}

function validateHand(queues: number, handSize: number, field: Path): FieldError[] {
  if (handSize <= 0) return [invalid(field, handSize, "must be positive")];
  if (handSize > queues) return [invalid(field, handSize, `should not be greater than queues (${queues})`)];
  if (entropyBits(queues, handSize) <= maxHashBits) return [];
  const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`;
  return [invalid(field, handSize, text)];
}

function validateQueuing(queuing: QueuingConfiguration, field: Path): FieldError[] {
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing;
  const errors: FieldError[] = [];
  const at = field.child("queues");
  if (queueLengthLimit <= 0) {
    errors.push(invalid(field.child("queueLengthLimit"), queueLengthLimit, "must be positive"));
  }
  if (queues <= 0) errors.push(invalid(at, queues, "must be positive"));
  else if (queues > maxQueues) errors.push(invalid(at, queues, `must not be greater than ${maxQueues}`));
  return [...errors, ...validateHand(queues, handSize, field.child("handSize"))];
}

function validateLimitResponse({ type, queuing }: LimitResponse, field: Path): FieldError[] {
  const at = field.child("queuing");
  if (type === "Reject") {
    return queuing ? [forbidden(at, "must be nil if limited.limitResponse.type is not Limited")] : [];
  }
  if (type !== "Queue") return [notSupported(field.child("type"), type, ["Queue", "Reject"])];
  if (queuing) return validateQueuing(queuing, at);
  return [required(at, "must not be empty if limited.limitResponse.type is Limited")];
}

type Shares = Pick<ExemptPriorityLevelConfiguration, "nominalConcurrencyShares" | "lendablePercent">;

function validateShares({ nominalConcurrencyShares: shares = 0, lendablePercent }: Shares, field: Path): FieldError[] {
  const at = field.child("nominalConcurrencyShares");
  return [
    ...(shares < 0 ? [invalid(at, shares, "must be a non-negative integer")] : []),
    ...(lendablePercent === undefined ? [] : validateInRange(lendablePercent, 0, 100, field.child("lendablePercent"))),
  ];
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, field: Path): FieldError[] {
  const { borrowingLimitPercent: borrowing, limitResponse } = limited;
  const at = field.child("borrowingLimitPercent");
  return [
    ...validateShares(limited, field),
    ...(borrowing !== undefined && borrowing < 0
      ? [invalid(at, borrowing, "if specified, must be a non-negative integer")]
      : []),
    ...validateLimitResponse(limitResponse ?? { type: "" }, field.child("limitResponse")),
  ];
}

function validateSpec(name: string, { type, limited, exempt }: PriorityLevelConfigurationSpec): FieldError[] {
  const errors: FieldError[] = [];
  const [limitedField, exemptField] = [specField.child("limited"), specField.child("exempt")];
  if ((name === "exempt") !== (type === "Exempt")) {
    errors.push(invalid(specField.child("type"), type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === "Exempt") {
    if (limited) errors.push(forbidden(limitedField, "must be nil if the type is not Limited"));
    if (exempt) errors.push(...validateShares(exempt, exemptField));
  } else if (type === "Limited") {
    if (exempt) errors.push(forbidden(exemptField, "must be nil if the type is Limited"));
    if (limited) errors.push(...validateLimited(limited, limitedField));
    else errors.push(required(limitedField, "must not be empty when type is Limited"));
  } else errors.push(notSupported(specField.child("type"), type, ["Exempt", "Limited"]));
  return errors;
}

function validateMandatory(name: string, spec: PriorityLevelConfigurationSpec): FieldError[] {
  const isExempt = name === "exempt";
  const { exempt: _, ...rest } = mandatory[name];
  const { exempt: __, ...given } = spec;
  if (isExempt ? same(given, rest) : same(spec, mandatory[name])) return [];
  const shown = goValue("flowcontrol.v1.PriorityLevelConfigurationSpec", spec);
  const but = isExempt ? " except the 'spec.exempt' field" : "";
  return [invalid(specField, shown, `spec of '${name}'${but} must equal the fixed value`)];
}

/** A new level, or one that replaces another. */
export function validatePriorityLevel({ metadata, spec, status }: PriorityLevelConfiguration): FieldError[] {
  const name = metadata.name ?? "";
  const given = spec ?? { type: "" };
  return [
    ...validateSpec(name, given),
    ...(Object.hasOwn(mandatory, name) ? validateMandatory(name, given) : []),
    ...validateConditions(status),
  ];
}
