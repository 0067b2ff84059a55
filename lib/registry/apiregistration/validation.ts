/** APIServices (upstream: kube-aggregator/pkg/apis/apiregistration/validation). */
import { type FieldError, invalid, notSupportedAsListed, path, required } from "../../apimachinery/validation/field.ts";
import { isDNS1035Label, isDNS1123Subdomain, isValidPathSegmentName } from "../../apimachinery/validation/names.ts";
import type { APIService } from "../../openapi/types/apiregistration-v1.ts";

const specField = path("spec");
const maxGroupPriority = 20_000;
const maxVersionPriority = 1_000;

function validateName({ metadata, spec }: APIService): FieldError[] {
  const name = metadata.name ?? "";
  const wanted = `${spec?.version ?? ""}.${spec?.group ?? ""}`;
  if (name === "" || name === wanted || isValidPathSegmentName(name).length > 0) return [];
  const text = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`;
  return [invalid(path("metadata", "name"), name, text)];
}

function validateGroupVersion(group: string, version: string): FieldError[] {
  const errors = isDNS1035Label(version).map((problem) => invalid(specField.child("version"), version, problem));
  const field = specField.child("group");
  if (group !== "") return [...errors, ...isDNS1123Subdomain(group).map((problem) => invalid(field, group, problem))];
  if (version === "v1") return errors;
  return [...errors, required(field, "only v1 may have an empty group and it better be legacy kube")];
}

function validatePriority(name: "groupPriorityMinimum" | "versionPriority", value: number, max: number): FieldError[] {
  if (value > 0 && value <= max) return [];
  return [invalid(specField.child(name), value, `must be positive and less than ${max}`)];
}

/** Those that the server answers itself have nobody to trust, others a service and one way to trust it. */
function validateBackend({ spec }: APIService): FieldError[] {
  const { service, caBundle = "", insecureSkipTLSVerify = false } = spec ?? {};
  const bundle = specField.child("caBundle");
  const insecure = specField.child("insecureSkipTLSVerify");
  const errors: FieldError[] = [];
  if (!service) {
    const bytes = `${Buffer.from(caBundle, "base64").length} bytes`;
    if (caBundle !== "") errors.push(invalid(bundle, bytes, "local APIServices may not have a caBundle"));
    if (!insecureSkipTLSVerify) return errors;
    return [...errors, invalid(insecure, true, "local APIServices may not have insecureSkipTLSVerify")];
  }
  if (!service.namespace) errors.push(required(specField.child("service", "namespace"), ""));
  if (!service.name) errors.push(required(specField.child("service", "name"), ""));
  if (!insecureSkipTLSVerify || caBundle === "") return errors;
  return [...errors, invalid(insecure, true, "may not be true if caBundle is present")];
}

/** A new APIService, or one that replaces another. */
export function validateAPIService(service: APIService): FieldError[] {
  const { group = "", version = "", groupPriorityMinimum = 0, versionPriority = 0 } = service.spec ?? {};
  return [
    ...validateName(service),
    ...validateGroupVersion(group, version),
    ...validatePriority("groupPriorityMinimum", groupPriorityMinimum, maxGroupPriority),
    ...validatePriority("versionPriority", versionPriority, maxVersionPriority),
    ...validateBackend(service),
  ];
}

/** Whether it can be reached is said in three words. */
export function validateAPIServiceStatus({ status }: APIService): FieldError[] {
  const values = ["True", "False", "Unknown"];
  return (status?.conditions ?? []).flatMap(({ status: value = "" }, index) => {
    if (values.includes(value)) return [];
    return [notSupportedAsListed(path("status", "conditions").index(index).child("status"), value, values)];
  });
}
