/** Projected volumes: several sources in one folder. */
import {
  type FieldError,
  forbidden,
  invalid,
  notSupportedAsListed,
  type Path,
  required,
} from "../../../apimachinery/validation/field.ts";
import { validateLabelSelector } from "../../../apimachinery/validation/meta.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type { Volume, VolumeProjection } from "../../../openapi/types/core-v1.ts";
import { validateDownwardFile, validateItem, validateMode } from "./files.ts";
import { validateLocalNonReservedPath } from "./paths.ts";
import { validateSignerName } from "./signer-name.ts";

/** Notes a file, and complains where another source makes it too. `shown` stands in the message. */
type Take = (file: string, shown: string) => FieldError[];

function keyed(name: "secret" | "configMap", source: VolumeProjection, take: Take, path: Path): FieldError[] {
  const projection = source[name];
  if (!projection) return [];
  const at = path.child(name);
  return [
    ...(projection.name ? [] : [required(at.child("name"), "")]),
    ...(projection.items ?? []).flatMap((item, index) => [
      ...validateItem(item, at.child("items").index(index)),
      ...(item.path ? take(item.path, projection.name ?? "") : []),
    ]),
  ];
}

function token({ serviceAccountToken: source }: VolumeProjection, path: Path, volumePath: Path): FieldError[] {
  if (!source) return [];
  const { expirationSeconds: seconds = 0, path: file } = source;
  const at = path.child("serviceAccountToken", "expirationSeconds");
  const errors: FieldError[] = [];
  if (seconds < 600) errors.push(invalid(at, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > 2 ** 32) errors.push(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"));
  const field = volumePath.child("path");
  if (!file) return [...errors, required(field, "")];
  return [...errors, ...validateLocalNonReservedPath(file, field)];
}

/** The name's signer, which stands before the last colon. */
function bundleNameProblems(name: string): string[] {
  const colon = name.lastIndexOf(":");
  return nameIsDNSSubdomain(colon < 0 ? name : name.slice(colon + 1), false);
}

function trustBundle({ clusterTrustBundle: source }: VolumeProjection, take: Take, path: Path): FieldError[] {
  if (!source) return [];
  const at = path.child("clusterTrustBundle");
  const { name, signerName, labelSelector, path: file } = source;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined) {
    errors.push(invalid(at, source, "only one of name and signerName may be used"));
  } else if (name !== undefined) {
    if (name === "") errors.push(required(at.child("name"), "must be a valid object name"));
    const problems = bundleNameProblems(name).map((problem) => `not a valid clustertrustbundlename: ${problem}`);
    errors.push(...problems.map((problem) => invalid(at.child("name"), name, problem)));
    if (labelSelector) {
      const text = "labelSelector must be unset if name is specified";
      errors.push(invalid(at.child("labelSelector"), labelSelector, text));
    }
  } else if (signerName !== undefined) {
    if (signerName === "") errors.push(required(at.child("signerName"), "must be a valid signer name"));
    errors.push(...validateSignerName(signerName, at.child("signerName")));
    errors.push(...validateLabelSelector(labelSelector, at.child("labelSelector")));
  } else errors.push(required(at, "either name or signerName must be specified"));
  if (!file) errors.push(required(at.child("path"), ""));
  return [...errors, ...validateLocalNonReservedPath(file ?? "", at.child("path")), ...take(file ?? "", file ?? "")];
}

const keyTypes = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
const daySeconds = 86_400;

function certificate({ podCertificate: source }: VolumeProjection, take: Take, path: Path): FieldError[] {
  if (!source) return [];
  const at = path.child("podCertificate");
  const errors = validateSignerName(source.signerName ?? "", at.child("signerName"));
  if (!keyTypes.includes(source.keyType ?? "")) {
    errors.push(notSupportedAsListed(at.child("keyType"), source.keyType ?? "", keyTypes));
  }
  const seconds = source.maxExpirationSeconds;
  const field = at.child("maxExpirationSeconds");
  const most = /^([^/]*\.)?kubernetes\.io\//.test(source.signerName ?? "") ? daySeconds : 91 * daySeconds;
  if (seconds !== undefined && seconds < 3600) {
    errors.push(invalid(field, seconds, "if provided, maxExpirationSeconds must be >= 3600"));
  }
  if (seconds !== undefined && seconds > most) {
    errors.push(invalid(field, seconds, `if provided, maxExpirationSeconds must be <= ${most}`));
  }
  let files = 0;
  for (const name of ["credentialBundlePath", "keyPath", "certificateChainPath"] as const) {
    const file = source[name];
    if (!file) continue;
    files++;
    errors.push(...validateLocalNonReservedPath(file, at.child(name)), ...take(file, file));
  }
  if (files > 0) return errors;
  const text = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
  return [...errors, required(at, text)];
}

/** The sources of a projected volume; no two may make the same file. */
export function projected({ defaultMode, sources }: NonNullable<Volume["projected"]>, path: Path): FieldError[] {
  const taken = new Set<string>();
  const take: Take = (file, shown) => {
    if (taken.has(file)) return [invalid(path, shown, "conflicting duplicate paths")];
    taken.add(file);
    return [];
  };
  const errors = validateMode(defaultMode, path.child("defaultMode"));
  for (const [index, source] of (sources ?? []).entries()) {
    const at = path.child("sources").index(index);
    errors.push(...keyed("secret", source, take, at), ...keyed("configMap", source, take, at));
    for (const file of source.downwardAPI?.items ?? []) {
      errors.push(...validateDownwardFile(file, at.child("downwardAPI")));
      if (file.path) errors.push(...take(file.path, file.path));
    }
    errors.push(...token(source, at, path), ...trustBundle(source, take, at), ...certificate(source, take, at));
    if (Object.values(source).filter((one) => one !== undefined).length > 1) {
      errors.push(forbidden(at, "may not specify more than 1 volume type per source"));
    }
  }
  return errors;
}
