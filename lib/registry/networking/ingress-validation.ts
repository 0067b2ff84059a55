/** Validation of Ingresses (upstream: pkg/apis/networking/validation). */
import {
  type FieldError,
  invalid,
  notSupported,
  type Path,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { parseAddress, validateIPForLegacyField } from "../../apimachinery/validation/ip.ts";
import {
  isDNS1123Subdomain,
  isValidPathSegmentName,
  isValidPortName,
  isValidPortNum,
  isWildcardDNS1123Subdomain,
  nameIsDNSLabel,
} from "../../apimachinery/validation/names.ts";
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule } from "../../openapi/types/networking-v1.ts";

const specField = path("spec");
const classAnnotation = "kubernetes.io/ingress.class";
const notAddress = "must be a DNS name, not an IP address";
const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

const invalidIf = (problems: string[], field: Path, value: unknown) =>
  problems.map((problem) => invalid(field, value, problem));

/** A reference to an object by kind and name. */
export function validateObjectReference(
  reference: { apiGroup?: string; kind?: string; name?: string },
  field: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup } = reference;
  if (apiGroup !== undefined)
    errors.push(...invalidIf(isDNS1123Subdomain(apiGroup), field.child("apiGroup"), apiGroup));
  for (const name of ["kind", "name"] as const) {
    const value = reference[name];
    const at = field.child(name);
    errors.push(...(value ? invalidIf(isValidPathSegmentName(value), at, value) : [required(at, "")]));
  }
  return errors;
}

function validateBackend({ resource, service }: IngressBackend, field: Path): FieldError[] {
  if (resource && service) return [invalid(field, "", "cannot set both resource and service backends")];
  if (resource) return validateObjectReference(resource, field.child("resource"));
  if (!service) return [invalid(field, "", "resource or service backend is required")];
  const at = field.child("service");
  const errors = service.name
    ? invalidIf(nameIsDNSLabel(service.name, false), at.child("name"), service.name)
    : [required(at.child("name"), "")];
  const { name, number } = service.port ?? {};
  if (name && number) return [...errors, invalid(field, "", "cannot set both port name & port number")];
  if (name) return [...errors, ...invalidIf(isValidPortName(name), at.child("port", "name"), name)];
  if (number) return [...errors, ...invalidIf(isValidPortNum(number), at.child("port", "number"), number)];
  return [...errors, required(field, "port name or number is required")];
}

function validatePath({ pathType, path: text = "", backend }: HTTPIngressPath, field: Path): FieldError[] {
  if (!pathType) return [required(field.child("pathType"), "pathType must be specified")];
  const at = field.child("path");
  const errors: FieldError[] = [];
  if (!pathTypes.includes(pathType)) errors.push(notSupported(field.child("pathType"), pathType, pathTypes));
  else if (pathType === "ImplementationSpecific") {
    if (text !== "" && !text.startsWith("/")) errors.push(invalid(at, text, "must be an absolute path"));
  } else {
    if (!text.startsWith("/")) errors.push(invalid(at, text, "must be an absolute path"));
    for (const part of ["//", "/./", "/../", "%2f", "%2F"]) {
      if (text.includes(part)) errors.push(invalid(at, text, `must not contain '${part}'`));
    }
    for (const end of ["/..", "/."]) {
      if (text.endsWith(end)) errors.push(invalid(at, text, `cannot end with '${end}'`));
    }
  }
  return [...errors, ...validateBackend(backend, field.child("backend"))];
}

const hostProblems = (host: string) => (host.includes("*") ? isWildcardDNS1123Subdomain : isDNS1123Subdomain)(host);

function validateRule({ host, http }: IngressRule, field: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (host) {
    if (parseAddress(host)) errors.push(invalid(field.child("host"), host, notAddress));
    errors.push(...invalidIf(hostProblems(host), field.child("host"), host));
  }
  if (!http) return errors;
  const at = field.child("http", "paths");
  const paths = http.paths ?? [];
  if (paths.length === 0) errors.push(required(at, ""));
  return [...errors, ...paths.flatMap((entry, index) => validatePath(entry, at.index(index)))];
}

/** An Ingress. `created`: it is new, so that annotation and field must agree on its class. */
export function validateIngress({ metadata, spec = {} }: Ingress, created: boolean): FieldError[] {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && !defaultBackend) {
    errors.push(invalid(specField, spec.rules ?? null, "either `defaultBackend` or `rules` must be specified"));
  }
  if (defaultBackend) errors.push(...validateBackend(defaultBackend, specField.child("defaultBackend")));
  errors.push(...rules.flatMap((rule, index) => validateRule(rule, specField.child("rules").index(index))));
  for (const [index, { hosts = [], secretName }] of tls.entries()) {
    const field = specField.child("tls").index(index);
    for (const [position, host] of hosts.entries()) {
      errors.push(...invalidIf(hostProblems(host), field.child("hosts").index(position), host));
    }
    if (secretName) errors.push(...invalidIf(isDNS1123Subdomain(secretName), field.child("secretName"), secretName));
  }
  if (ingressClassName !== undefined) {
    const field = specField.child("ingressClassName");
    errors.push(...invalidIf(isDNS1123Subdomain(ingressClassName), field, ingressClassName));
  }
  const annotation = metadata.annotations?.[classAnnotation];
  if (created && annotation !== undefined && ingressClassName !== undefined && annotation !== ingressClassName) {
    const field = path("annotations", classAnnotation);
    errors.push(invalid(field, annotation, "must match `ingressClassName` when both are specified"));
  }
  return errors;
}

/** Where the Ingress is reached, as its controller says. */
export function validateIngressStatus({ status }: Ingress, old: Ingress): FieldError[] {
  const existing = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const field = path("status", "loadBalancer", "ingress").index(index);
    const errors = ip ? validateIPForLegacyField(field.child("ip"), ip, existing) : [];
    if (!hostname) return errors;
    const at = field.child("hostname");
    errors.push(...invalidIf(isDNS1123Subdomain(hostname), at, hostname));
    return parseAddress(hostname) ? [...errors, invalid(at, hostname, notAddress)] : errors;
  });
}
