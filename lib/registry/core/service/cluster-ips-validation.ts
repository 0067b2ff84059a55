/** Validation of a Service's cluster IPs and families (upstream: ValidateServiceClusterIPsRelatedFields and its kin). */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { validateIPForLegacyField } from "../../../apimachinery/validation/ip.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import { familyOf, isHeadless, noClusterIP } from "./needs.ts";

const clusterIPsField = path("spec", "clusterIPs");
const familiesField = path("spec", "ipFamilies");
const policyField = path("spec", "ipFamilyPolicy");
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];

/** That clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy fit each other. */
export function validateClusterIPs(service: Service, old: Service | undefined): FieldError[] {
  const { type, clusterIP = "", clusterIPs = [], ipFamilies = [] } = service.spec;
  if (type === "ExternalName") return [];
  const errors: FieldError[] = [];
  if (clusterIP !== "" && clusterIPs.length === 0) errors.push(required(clusterIPsField, ""));
  else if (clusterIP !== "" && clusterIPs[0] !== clusterIP) {
    errors.push(invalid(clusterIPsField, clusterIPs, "first value must match `clusterIP`"));
  } else if (clusterIP === "" && clusterIPs.length > 0) {
    errors.push(invalid(clusterIPsField, clusterIPs, "must be empty when `clusterIP` is not specified"));
  }
  errors.push(...validateFamilies(service));
  const addresses = validateAddresses(clusterIPs, old?.spec.clusterIPs);
  errors.push(...addresses);
  if (clusterIPs.length > 2) errors.push(invalid(clusterIPsField, clusterIPs, "may only hold up to 2 values"));
  if (addresses.length > 0) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < 2) {
    errors.push(invalid(clusterIPsField, clusterIPs, "may specify no more than one IP for each IP family"));
  }
  if (isHeadless(service)) return errors;
  for (const [index, ip] of clusterIPs.slice(0, ipFamilies.length).entries()) {
    const family = ipFamilies[index];
    if ((family === "IPv4" || family === "IPv6") && family !== familyOf(ip)) {
      const text = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
      errors.push(invalid(clusterIPsField.index(index), ip, text));
    }
  }
  return errors;
}

function validateFamilies({ spec }: Service): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const field = familiesField.index(index);
    if (family !== "IPv4" && family !== "IPv6") errors.push(notSupported(field, family, ["IPv4", "IPv6"]));
    if (seen.has(family)) errors.push(duplicate(field, family));
    seen.add(family);
  }
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(spec.ipFamilyPolicy)) {
    errors.push(notSupported(policyField, spec.ipFamilyPolicy, policies));
  }
  return errors;
}

function validateAddresses(clusterIPs: readonly string[], existing: readonly string[] | undefined): FieldError[] {
  return clusterIPs.flatMap((ip, index) => {
    if (index > 0 || ip !== noClusterIP) return validateIPForLegacyField(clusterIPsField.index(index), ip, existing);
    if (clusterIPs.length === 1) return [];
    return [invalid(clusterIPsField, clusterIPs, "'None' must be the first and only value")];
  });
}

const once = "may not change once set";

/** What may change in the cluster IPs of a Service that has some. */
export function validateClusterIPsUpdate(service: Service, old: Service): FieldError[] {
  if (service.spec.type === "ExternalName" || old.spec.type === "ExternalName") return [];
  if (isHeadless(old) && isHeadless(service)) return [];
  const ips = service.spec.clusterIPs ?? [];
  const oldIPs = old.spec.clusterIPs ?? [];
  const changed = (index: number) => invalid(clusterIPsField.index(index), ips, once);
  if (oldIPs.length === ips.length) return ips.flatMap((ip, index) => (ip === oldIPs[index] ? [] : [changed(index)]));
  const errors: FieldError[] = [];
  const released = oldIPs.length > ips.length;
  if (released && ips.length === 0) {
    errors.push(invalid(clusterIPsField.index(0), ips, "primary clusterIP can not be unset"));
  }
  if (oldIPs.length > 0 && ips.length > 0 && ips[0] !== oldIPs[0]) errors.push(changed(0));
  if (released && ips.length === 1 && service.spec.ipFamilyPolicy !== "SingleStack") {
    const text = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(invalid(policyField, service.spec.ipFamilyPolicy, text));
  }
  return errors;
}

/** What may change in the families of a Service that has some. */
export function validateFamiliesUpdate(service: Service, old: Service): FieldError[] {
  if (service.spec.type === "ExternalName" || old.spec.type === "ExternalName") return [];
  if (isHeadless(old) || isHeadless(service)) return [];
  const families = service.spec.ipFamilies ?? [];
  const oldFamilies = old.spec.ipFamilies ?? [];
  const first = familiesField.index(0);
  if (oldFamilies.length === families.length) {
    return families.flatMap((family, index) => (family === oldFamilies[index] ? [] : [invalid(first, families, once)]));
  }
  const errors: FieldError[] = [];
  const released = oldFamilies.length > families.length;
  if (released && (service.spec.clusterIPs ?? []).length === 0) {
    errors.push(invalid(first, families, "primary ipFamily can not be unset"));
  }
  if (families.length > 0 && oldFamilies.length > 0 && families[0] !== oldFamilies[0]) {
    errors.push(invalid(first, service.spec.clusterIPs, once));
  }
  if (released && families.length === 1 && service.spec.ipFamilyPolicy !== "SingleStack") {
    const text = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(invalid(policyField, service.spec.ipFamilyPolicy, text));
  }
  return errors;
}
