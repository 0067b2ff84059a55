/** Names that carry a domain: `acme.io/foo` (upstream: apimachinery/pkg/util/validation). */
import { type FieldError, invalid, type Path, required } from "./field.ts";
import { isDNS1123Subdomain, regexError } from "./names.ts";

const pathPattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const wholePath = new RegExp(`^${pathPattern}$`);

/** A DNS subdomain, a slash and a URL path. */
export function isDomainPrefixedPath(field: Path, value: string): FieldError[] {
  if (value === "") return [required(field, "")];
  const slash = value.indexOf("/");
  const [host, path] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (host === "" || path === "") {
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = isDNS1123Subdomain(host).map((problem) => invalid(field, host, problem));
  if (!wholePath.test(path)) errors.push(invalid(field, path, regexError("Invalid path", pathPattern)));
  return errors;
}
