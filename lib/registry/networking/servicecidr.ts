/** ServiceCIDRs: the ranges that Services' addresses come from (upstream: pkg/registry/networking/servicecidr). */
import { type FieldError, invalid, path, required } from "../../apimachinery/validation/field.ts";
import { validateCIDR } from "../../apimachinery/validation/ip.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type { ServiceCIDR } from "../../openapi/types/networking-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";

const field = path("spec", "cidrs");

function validate({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(field, "at least one CIDR required")];
  if (cidrs.length > 2) {
    return [invalid(field, cidrs, "may only hold up to 2 values")];
  }
  const errors: FieldError[] = [];
  const families = new Set(cidrs.map((cidr) => cidr.includes(":")));
  if (cidrs.length === 2 && families.size < 2) {
    errors.push(
      invalid(field, cidrs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/96"),
    );
  }
  return [...errors, ...cidrs.flatMap((cidr, index) => validateCIDR(field.index(index), cidr))];
}

/** servicecidrs.networking.k8s.io */
export const serviceCIDRStrategy: Strategy<ServiceCIDR> = {
  prepareForCreate(object) {
    object.status = {};
  },
  validate,
  prepareForUpdate(object, old) {
    object.status = old.status;
  },
  validateUpdate: (object, old) => validateImmutableField(object.spec?.cidrs, old.spec?.cidrs, field),
  cells: ({ metadata, spec }, { now }) => [
    metadata.name,
    (spec?.cidrs ?? []).join(","),
    ageCell(metadata.creationTimestamp, now),
  ],
  updateSubresources: {
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec;
      },
    },
  },
};
