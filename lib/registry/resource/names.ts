/** Names in dynamic resource allocation (upstream: pkg/apis/resource/validation). */
import { type FieldError, invalid, type Path, required, tooLong } from "../../apimachinery/validation/field.ts";
import { isCIdentifier, isDNS1123Label, isDNS1123Subdomain } from "../../apimachinery/validation/names.ts";
import { validateDriverName } from "../core/persistentvolume/sources.ts";

const maxIdentifierBytes = 32;
const maxPoolBytes = 253;

/** A DNS label. */
export const validateLabel = (name: string, field: Path): FieldError[] =>
  isDNS1123Label(name).map((problem) => invalid(field, name, problem));

/** A DNS subdomain that must be there. */
export function validateClassName(name: string | undefined, field: Path): FieldError[] {
  if (!name) return [required(field, "")];
  return isDNS1123Subdomain(name).map((problem) => invalid(field, name, problem));
}

/** DNS subdomains with slashes in between. */
export function validatePoolName(name: string | undefined, field: Path): FieldError[] {
  if (!name) return [required(field, "")];
  const errors = Buffer.byteLength(name) > maxPoolBytes ? [tooLong(field, maxPoolBytes)] : [];
  const parts = name.split("/");
  return [
    ...errors,
    ...parts.flatMap((part) => isDNS1123Subdomain(part).map((problem) => invalid(field, part, problem))),
  ];
}

function validateIdentifier(id: string, field: Path): FieldError[] {
  const errors = Buffer.byteLength(id) > maxIdentifierBytes ? [tooLong(field, maxIdentifierBytes)] : [];
  return [...errors, ...isCIdentifier(id).map((problem) => invalid(field, id, problem))];
}

/** The name of an attribute or a capacity: a C identifier, with or without the domain of who gave it. */
export function validateQualifiedName(name: string, field: Path): FieldError[] {
  const parts = name.split("/");
  if (parts.length === 1) return validateIdentifier(name, field);
  if (parts.length > 2) return [invalid(field, name, "must not contain more than one slash")];
  const [domain, id] = parts;
  return [
    ...(domain === "" ? [invalid(field, "", "the domain must not be empty")] : validateDriverName(domain, field)),
    ...(id === "" ? [invalid(field, "", "the name must not be empty")] : validateIdentifier(id, field)),
  ];
}

/** As validateQualifiedName, with the domain. */
export function validateFullyQualifiedName(name: string, field: Path): FieldError[] {
  const errors = validateQualifiedName(name, field);
  if (name.includes("/")) return errors;
  return [...errors, invalid(field, name, "a fully qualified name must be a domain and a name separated by a slash")];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Forms that are read as well: in braces, as a URN, in capitals, without dashes. */
const otherForms = /^(?:(\{|urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?|[0-9a-f]{32})$/i;
const formLengths = [32, 36, 38, 45];

/** A UID in small letters. */
export function validateUID(uid: string | undefined, field: Path): FieldError[] {
  if (uid === undefined || uuid.test(uid)) return [];
  if (!otherForms.test(uid)) {
    const length = Buffer.byteLength(uid);
    const why = formLengths.includes(length) ? "invalid UUID format" : `invalid UUID length: ${length}`;
    return [invalid(field, uid, `error validating uid: ${why}`)];
  }
  const text =
    "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters";
  return [invalid(field, uid, text)];
}

/** The requests of a claim that parts of it may name: `request`, or `request/subrequest`. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

/** A name of a request, or of a request and one of its alternatives. */
export function validateRequestRef(name: string, field: Path, names: RequestNames): FieldError[] {
  const text = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const parts = name.split("/");
  if (parts.length > 2) return [invalid(field, name, text)];
  const errors = parts.flatMap((part) => validateLabel(part, field));
  const [request, alternative] = parts;
  const alternatives = names.get(request);
  const isKnown = alternatives !== undefined && (alternative === undefined || alternatives.has(alternative));
  return isKnown ? errors : [...errors, invalid(field, name, text)];
}
