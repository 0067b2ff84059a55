/** Certificate signing requests (upstream: pkg/apis/certificates/validation). Old objects keep what they have. */
import { X509Certificate } from "node:crypto";
import { deepEqual } from "../../apimachinery/equality.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
} from "../../apimachinery/validation/field.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../apimachinery/validation/names.ts";
import type { CertificateSigningRequest } from "../../openapi/types/certificates-v1.ts";
import { parseCertificateRequest, pemBlock } from "./certificate-request.ts";

type Request = CertificateSigningRequest;

const spec = path("spec");
const conditionsField = path("status", "conditions");
const certificateField = path("status", "certificate");
const legacySigner = "kubernetes.io/legacy-unknown";

const usages = [
  ...["any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment"],
  ...["decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel"],
  ...["ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime"],
  ...["server auth", "signing", "timestamping"],
];

/** Conditions that are either there or not. */
const onlyTrue = new Set(["Approved", "Denied", "Failed"]);

/** Which parts an update may change, by the subresource that it comes through. */
export interface UpdateRights {
  readonly approval: boolean;
  readonly certificate: boolean;
}

function validateRequest(base64: string): FieldError[] {
  const field = spec.child("request");
  const request = parseCertificateRequest(base64);
  if (request?.isSigned) return [];
  if (request) return [invalid(field, base64, "x509: ECDSA verification failure")];
  const block = pemBlock(Buffer.from(base64, "base64").toString("latin1"), "CERTIFICATE REQUEST");
  const text = block
    ? "asn1: structure error: malformed certificate request"
    : "PEM block type must be CERTIFICATE REQUEST";
  return [invalid(field, base64, text)];
}

/** `example.com/signer-name` (upstream: apis/core/validation ValidateSignerName). */
export function validateSignerName(signer: string): FieldError[] {
  const field = spec.child("signerName");
  if (signer === "") return [required(field, "")];
  const parts = signer.split("/");
  if (parts.length !== 2) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(field, signer, text)];
  }
  const [domain, name] = parts;
  const errors: FieldError[] = [];
  if (domain.split(".").length < 2) {
    errors.push(invalid(field, domain, "should be a domain with at least two segments separated by dots"));
  }
  const problems = [...domain.split(".").flatMap((part) => isDNS1123Label(part)), ...isDNS1123Subdomain(name)];
  if (problems.length > 0) errors.push(...problems.map((problem) => invalid(field, signer, problem)));
  if (Buffer.byteLength(signer) > 571) errors.push(invalid(field, signer, "must be no more than 571 characters"));
  return errors;
}

function validateUsages({ spec: { usages: given = [] } }: Request, old?: Request): FieldError[] {
  const field = spec.child("usages");
  if (given.length === 0) return [required(field, "")];
  if (old) return [];
  return given.flatMap((usage, index) => [
    ...(usages.includes(usage) ? [] : [notSupported(field.index(index), usage, usages)]),
    ...(given.indexOf(usage) < index ? [duplicate(field.index(index), usage)] : []),
  ]);
}

function validateConditions({ status }: Request, old?: Request): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const wasBoth = isBoth(old);
  for (const [index, { type, status: value }] of (status?.conditions ?? []).entries()) {
    const field = conditionsField.index(index);
    if (!type) errors.push(required(field.child("type"), ""));
    const allowed = onlyTrue.has(type) ? ["True"] : ["False", "True", "Unknown"];
    if (!value) errors.push(required(field.child("status"), ""));
    else if (!allowed.includes(value)) errors.push(notSupported(field.child("status"), value, allowed));
    const opposite = { Approved: "Denied", Denied: "Approved" }[type];
    if (!wasBoth && opposite && seen.has(opposite)) {
      errors.push(invalid(conditionsField, type, "Approved and Denied conditions are mutually exclusive"));
    }
    if (seen.has(type)) errors.push(duplicate(field.child("type"), type));
    seen.add(type);
  }
  return errors;
}

function isBoth(request: Request | undefined): boolean {
  const types = (request?.status?.conditions ?? []).map(({ type }) => type);
  return types.includes("Approved") && types.includes("Denied");
}

function validateCertificate(base64: string | undefined): FieldError[] {
  if (!base64) return [];
  const text = Buffer.from(base64, "base64").toString("latin1");
  const refuse = (problem: string) => [invalid(certificateField, "<certificate data>", problem)];
  const types = [...text.matchAll(/-----BEGIN ([^-]+)-----/g)].map(([, type]) => type);
  if (types.length === 0) return refuse("must contain at least one CERTIFICATE PEM block");
  const other = types.find((type) => type !== "CERTIFICATE");
  if (other) return refuse(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other)}`);
  try {
    new X509Certificate(text);
    return [];
  } catch {
    return refuse("x509: malformed certificate");
  }
}

/** A new request, or one that replaces `old`. */
export function validate(request: Request, old?: Request): FieldError[] {
  const { signerName, expirationSeconds } = request.spec;
  const legacy = signerName === legacySigner && old?.spec.signerName !== legacySigner;
  const legacyText = "the legacy signerName is not allowed via this API version";
  const short = expirationSeconds !== undefined && expirationSeconds < 600;
  const shortText = "may not specify a duration less than 600 seconds (10 minutes)";
  const sameCertificate = old !== undefined && request.status?.certificate === old.status?.certificate;
  return [
    ...validateRequest(request.spec.request ?? ""),
    ...validateUsages(request, old),
    ...(legacy ? [invalid(spec.child("signerName"), signerName, legacyText)] : validateSignerName(signerName ?? "")),
    ...(short ? [invalid(spec.child("expirationSeconds"), expirationSeconds, shortText)] : []),
    ...validateConditions(request, old),
    ...(sameCertificate ? [] : validateCertificate(request.status?.certificate)),
  ];
}

/** An update: conditions stay, and only their own subresources approve and hand out. */
export function validateUpdate(request: Request, old: Request, rights: UpdateRights): FieldError[] {
  const errors = validate(request, old);
  const of = ({ status }: Request, type: string) => (status?.conditions ?? []).filter((one) => one.type === type);
  for (const type of onlyTrue) {
    if (of(request, type).length >= of(old, type).length) continue;
    errors.push(forbidden(conditionsField, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  }
  for (const type of rights.approval ? [] : ["Approved", "Denied"]) {
    const [now, before] = [of(request, type), of(old, type)];
    if (now.length < before.length || deepEqual(now, before)) continue;
    const verb = now.length > before.length ? "add" : "modify";
    errors.push(forbidden(conditionsField, `updates may not ${verb} a condition of type ${JSON.stringify(type)}`));
  }
  if ((request.status?.certificate ?? "") === (old.status?.certificate ?? "")) return errors;
  if (!rights.certificate) errors.push(forbidden(certificateField, "updates may not set certificate content"));
  else if (old.status?.certificate) {
    errors.push(forbidden(certificateField, "updates may not modify existing certificate content"));
  }
  return errors;
}
