/** Validation of a Service's status (upstream: ValidateLoadBalancerStatus). */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { parseAddress, validateIPForLegacyField } from "../../../apimachinery/validation/ip.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/names.ts";
import type { LoadBalancerIngress, Service } from "../../../openapi/types/core-v1.ts";

const ingressField = path("status", "loadBalancer", "ingress");

/** Where load balancers wait, as their controller says. */
export function validateServiceStatus(service: Service, old: Service): FieldError[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && service.spec.type !== "LoadBalancer") {
    return [forbidden(ingressField, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const existing = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return ingress.flatMap((entry, index) => validateIngress(entry, existing, ingressField.index(index)));
}

function validateIngress({ ip, ipMode, hostname }: LoadBalancerIngress, existing: string[], field: Path): FieldError[] {
  const errors = ip ? validateIPForLegacyField(field.child("ip"), ip, existing) : [];
  const mode = field.child("ipMode");
  if (ipMode === undefined) {
    if (ip) errors.push(required(mode, "must be specified when `ip` is set"));
  } else if (!ip) errors.push(forbidden(mode, "may not be specified when `ip` is not set"));
  else if (ipMode !== "VIP" && ipMode !== "Proxy") errors.push(notSupported(mode, ipMode, ["Proxy", "VIP"]));
  if (!hostname) return errors;
  const at = field.child("hostname");
  errors.push(...isDNS1123Subdomain(hostname).map((problem) => invalid(at, hostname, problem)));
  if (parseAddress(hostname)) errors.push(invalid(at, hostname, "must be a DNS name, not an IP address"));
  return errors;
}
