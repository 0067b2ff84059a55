/** Which families of addresses a Service gets (upstream: initIPFamilyFields in pkg/registry/core/service/storage/alloc.go). */
import { newInvalid } from "../../../apimachinery/errors.ts";
import { type FieldError, invalid, path } from "../../../apimachinery/validation/field.ts";
import type { Service } from "../../../openapi/types/core-v1.ts";
import { validateClusterIPs } from "./cluster-ips-validation.ts";
import { type Family, familyOf, noClusterIP, otherFamily, sameClusterIPs, sameFamilies } from "./needs.ts";

const policyField = path("spec", "ipFamilyPolicy");

/** Whether both prefer two families, and nothing about them changes: such a Service is left as it is. */
export function keepsPreferDualStack(service: Service, old: Service | undefined): boolean {
  if (!old || old.spec.type !== service.spec.type || service.spec.type === "ExternalName") return false;
  const prefer = "PreferDualStack";
  if (service.spec.ipFamilyPolicy !== prefer || (old.spec.ipFamilyPolicy ?? prefer) !== prefer) return false;
  return sameClusterIPs(old, service) && sameFamilies(old, service);
}

const fail = (service: Service, errors: FieldError[]) => {
  if (errors.length > 0) throw newInvalid({ group: "", kind: "Service" }, service.metadata.name ?? "", errors);
};

/** Sets ipFamilyPolicy and ipFamilies. `configured`: the cluster's families, its primary first. Throws Invalid. */
export function initFamilies(service: Service, old: Service | undefined, configured: readonly Family[]): void {
  const spec = service.spec;
  if (spec.type === "ExternalName" || keepsPreferDualStack(service, old)) return;
  const open = spec.clusterIP === noClusterIP && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (open ? "RequireDualStack" : "SingleStack");
  fail(service, validateClusterIPs(service, old));
  const errors = old ? shrink(service, old) : [];
  errors.push(...validatePolicy(service));
  errors.push(...inferFamilies(service, configured));
  fail(service, errors);
  const single = spec.ipFamilyPolicy === "SingleStack";
  if (!open) fail(service, validateConfigured(service, configured));
  const families = spec.ipFamilies?.length ? spec.ipFamilies : [configured[0]];
  // A headless Service without a selector may name both families wherever it is: nobody allocates anything for it.
  const both = !single && families.length === 1 && (open || configured.length === 2);
  spec.ipFamilies = both ? [families[0], otherFamily(families[0])] : [...families];
}

/** An update that asks for one family gives the other up; one that gives it up must ask for that. */
function shrink(service: Service, old: Service): FieldError[] {
  const spec = service.spec;
  if (spec.ipFamilyPolicy === "SingleStack") {
    if (sameClusterIPs(old, service) && (spec.clusterIPs ?? []).length > 1)
      spec.clusterIPs = spec.clusterIPs?.slice(0, 1);
    if (sameFamilies(old, service) && (spec.ipFamilies ?? []).length > 1)
      spec.ipFamilies = spec.ipFamilies?.slice(0, 1);
    return [];
  }
  const reduced = (now: readonly string[] = [], before: readonly string[] = []) =>
    now.length > 0 && now.length < before.length;
  const errors: FieldError[] = [];
  if (reduced(spec.clusterIPs, old.spec.clusterIPs)) {
    errors.push(invalid(policyField, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP"));
  }
  if (reduced(spec.ipFamilies, old.spec.ipFamilies)) {
    errors.push(invalid(policyField, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family"));
  }
  return errors;
}

function validatePolicy({ spec }: Service): FieldError[] {
  if (spec.ipFamilyPolicy !== "SingleStack") return [];
  const errors: FieldError[] = [];
  for (const [list, what] of [
    [spec.clusterIPs, "cluster IPs"],
    [spec.ipFamilies, "IP families"],
  ] as const) {
    if (list?.length !== 2) continue;
    const text = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
    errors.push(invalid(policyField, spec.ipFamilyPolicy, text));
  }
  return errors;
}

/** An address that was asked for tells its family. */
function inferFamilies({ spec }: Service, configured: readonly Family[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === noClusterIP) break;
    if (index < (spec.ipFamilies ?? []).length) continue;
    const family = familyOf(ip);
    if (configured.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family];
    else {
      const text = `${family} is not configured on this cluster`;
      errors.push(invalid(path("spec", "clusterIPs").index(index), spec.clusterIPs, text));
    }
  }
  return errors;
}

function validateConfigured({ spec }: Service, configured: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === "RequireDualStack" && configured.length < 2) {
    const text = "this cluster is not configured for dual-stack services";
    errors.push(invalid(policyField, spec.ipFamilyPolicy, text));
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (configured.includes(family)) continue;
    errors.push(invalid(path("spec", "ipFamilies").index(index), family, "not configured on this cluster"));
  }
  return errors;
}
