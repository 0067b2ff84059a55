/** ServiceCIDRs: the ranges that Services' addresses come from (upstream: pkg/registry/networking/servicecidr). */
import { type FieldError, invalid, path, required } from "../../apimachinery/validation/field.ts";
import { parseCidr, validateCIDR } from "../../apimachinery/validation/ip.ts";
import { immutableText } from "../../apimachinery/validation/meta.ts";
import type { ServiceCIDR } from "../../openapi/types/networking-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";

const field = path("spec", "cidrs");

function validate({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(field, "at least one CIDR required")];
  if (cidrs.length > 2) return [invalid(field, { CIDRs: cidrs }, "may only hold up to 2 values")];
  const errors = cidrs.flatMap((cidr, index) => validateCIDR(field.index(index), cidr));
  const families = cidrs.map((cidr) => parseCidr(cidr)?.network.address.family);
  if (cidrs.length < 2 || families[0] === undefined || families[0] !== families[1]) return errors;
  const text = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
  return [...errors, invalid(field, cidrs, text)];
}

/** Ranges stay; one of the other family may be added. */
function validateUpdate(object: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const [now, before] = [object.spec?.cidrs ?? [], old.spec?.cidrs ?? []];
  const grows = before.length === 1 && now.length === 2;
  if (now.length !== before.length && !grows) return [invalid(field, now, immutableText)];
  const changed = before.flatMap((cidr, index) =>
    cidr === now[index] ? [] : [invalid(field.index(index), now[index], immutableText)],
  );
  return grows ? [...changed, ...validate(object)] : changed;
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
  validateUpdate,
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
