/** Names of certificate signers: `example.com/my-signer` (upstream: pkg/apis/core/validation, ValidateSignerName). */
import { type FieldError, invalid, type Path, required, tooLong } from "../../../apimachinery/validation/field.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../apimachinery/validation/names.ts";

const maxDomainLength = 253;
/** Room for a label, a subdomain and the dot between them. */
const maxLength = maxDomainLength + 1 + (253 + 63 + 1);

/** The problems of the first part that has any. */
function validateLabels(text: string, validate: (label: string) => string[], path: Path): FieldError[] {
  for (const label of text.split(".")) {
    const problems = validate(label);
    if (problems.length === 0) continue;
    return problems.map((problem) => invalid(path, text, `validating label ${JSON.stringify(label)}: ${problem}`));
  }
  return [];
}

/** A domain, a slash, and a path of dot-separated names. */
export function validateSignerName(name: string, path: Path): FieldError[] {
  if (name === "") return [required(path, "")];
  const segments = name.split("/");
  if (segments.length !== 2) {
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const [domain, rest] = segments;
  const errors: FieldError[] = [];
  if (domain.length > maxDomainLength) errors.push(tooLong(path, maxDomainLength));
  errors.push(...validateLabels(domain, isDNS1123Label, path));
  if (!domain.includes(".")) {
    errors.push(invalid(path, domain, "should be a domain with at least two segments separated by dots"));
  }
  errors.push(...validateLabels(rest, isDNS1123Subdomain, path));
  if (name.length > maxLength) errors.push(tooLong(path, maxLength));
  return errors;
}
