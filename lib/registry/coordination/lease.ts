/** Leases (upstream: pkg/registry/coordination/lease). */
import { type FieldError, invalid, path } from "../../apimachinery/validation/field.ts";
import type { Lease } from "../../openapi/types/coordination-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { validateNonNegative } from "../validation/number.ts";

const specField = path("spec");

/** Coordinated leader election is off, as it is by default. */
function dropDisabledFields({ spec }: Lease, old?: Lease): void {
  if (!spec) return;
  if (old?.spec?.strategy === undefined) delete spec.strategy;
  if (old?.spec?.preferredHolder === undefined) delete spec.preferredHolder;
}

function validate({ spec = {} }: Lease): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = spec.leaseDurationSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid(specField.child("leaseDurationSeconds"), seconds, "must be greater than 0"));
  }
  return [...errors, ...validateNonNegative(spec.leaseTransitions, specField.child("leaseTransitions"))];
}

/** leases.coordination.k8s.io */
export const leaseStrategy: Strategy<Lease> = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: (lease) => dropDisabledFields(lease),
  validate,
  prepareForUpdate: (lease, old) => dropDisabledFields(lease, old),
  validateUpdate: validate,
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    spec?.holderIdentity ?? "",
    ageCell(metadata.creationTimestamp, now),
  ],
};
