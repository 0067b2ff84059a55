/** Names such as `acme.io/foo` (upstream: IsDomainPrefixedPath). */
import { type FieldError, invalid, type Path, required } from "../../apimachinery/validation/field.ts";
import { isDNS1123Subdomain, regexError } from "../../apimachinery/validation/names.ts";

const pathPattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** A DNS name, a slash and a path. */
export function validateDomainPrefixedPath(name: string, field: Path): FieldError[] {
  if (name === "") return [required(field, "")];
  const slash = name.indexOf("/");
  const [host, rest] = [name.slice(0, Math.max(slash, 0)), name.slice(slash + 1)];
  if (host === "" || rest === "") {
    return [invalid(field, name, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = isDNS1123Subdomain(host).map((problem) => invalid(field, host, problem));
  if (new RegExp(`^${pathPattern}$`).test(rest)) return errors;
  return [...errors, invalid(field, rest, regexError("Invalid path", pathPattern))];
}
