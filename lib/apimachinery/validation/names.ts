/**
 * Checks of names and texts: each gives the problems of a value, none where it is good (upstream:
 * apimachinery/pkg/util/validation and pkg/api/validate/content; the texts are what clients see there).
 */

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const subdomain = `${label}(\\.${label})*`;
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const underscoreLabel = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const underscoreSubdomain = `${underscoreLabel}(\\.${underscoreLabel})*`;
const underscoreSubdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const label1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const wildcard = `\\*\\.${subdomain}`;
const wildcardText =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const qualifiedText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValue = `(${qualified})?`;
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

const patterns = new Map<string, RegExp>();
function matches(pattern: string, value: string): boolean {
  let compiled = patterns.get(pattern);
  if (!compiled) {
    compiled = new RegExp(`^(?:${pattern})$`);
    patterns.set(pattern, compiled);
  }
  return compiled.test(value);
}

/** `MSG (e.g. 'a', or 'b', regex used for validation is 'R')`. */
export function regexError(text: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${pattern}')`;
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${text} (e.g. ${list}regex used for validation is '${pattern}')`;
}

/** Length in bytes of UTF-8, as Go counts. */
const size = (value: string) => Buffer.byteLength(value);
/** The text for a value of more than `length` characters. */
export const maxLenError = (length: number) => `must be no more than ${length} characters`;
const maxBytesError = (length: number) => `must be no more than ${length} bytes`;
/** The text for a number outside of a range. */
export const inclusiveRangeError = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`;

function check(value: string, max: number, pattern: string, text: string, ...examples: string[]): string[] {
  const problems = size(value) > max ? [maxLenError(max)] : [];
  if (!matches(pattern, value)) problems.push(regexError(text, pattern, ...examples));
  return problems;
}

/** A label of a DNS name, at most 63 characters. */
export function isDNS1123Label(value: string): string[] {
  const problems = size(value) > 63 ? [maxLenError(63)] : [];
  if (!matches(label, value)) {
    const dotted = matches(subdomain, value);
    problems.push(dotted ? "must not contain dots" : regexError(labelText, label, "my-name", "123-abc"));
  }
  return problems;
}

/** A DNS name, at most 253 characters. */
export const isDNS1123Subdomain = (value: string) => check(value, 253, subdomain, subdomainText, "example.com");
/** A DNS name in which labels may hold underscores. */
export const isDNS1123SubdomainWithUnderscore = (value: string) =>
  check(value, 253, underscoreSubdomain, underscoreSubdomainText, "example.com");
/** A DNS label that starts with a letter. */
export const isDNS1035Label = (value: string) => check(value, 63, label1035, label1035Text, "my-name", "abc-123");
/** `*.` and a DNS name. */
export const isWildcardDNS1123Subdomain = (value: string) => check(value, 253, wildcard, wildcardText, "*.example.com");

/** A label's key: an optional DNS name and a slash, then a name of at most 63 bytes. */
export function isQualifiedName(value: string): string[] {
  const examples = ["MyName", "my.name", "123-abc"];
  const parts = value.split("/");
  if (parts.length > 2) {
    const text = regexError(qualifiedText, qualified, ...examples);
    return [`a valid label key ${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const name = parts[parts.length - 1];
  if (parts.length === 2) {
    if (parts[0] === "") problems.push("prefix part must be non-empty");
    else problems.push(...prefixProblems(parts[0]));
  }
  if (name === "") problems.push("name part must be non-empty");
  else if (size(name) > 63) problems.push(`name part ${maxBytesError(63)}`);
  if (!matches(qualified, name)) problems.push(`name part ${regexError(qualifiedText, qualified, ...examples)}`);
  return problems;
}

function prefixProblems(prefix: string): string[] {
  const problems = size(prefix) > 253 ? [maxBytesError(253)] : [];
  if (!matches(subdomain, prefix)) problems.push(regexError(subdomainText, subdomain, "example.com"));
  return problems.map((problem) => `prefix part ${problem}`);
}

/** A label's value: empty, or at most 63 bytes. */
export function isValidLabelValue(value: string): string[] {
  const problems = size(value) > 63 ? [maxBytesError(63)] : [];
  if (!matches(labelValue, value)) {
    problems.push(regexError(labelValueText, labelValue, "MyValue", "my_value", "12345"));
  }
  return problems;
}

/** A C identifier. */
export const isCIdentifier = (value: string) =>
  matches("[A-Za-z_][A-Za-z0-9_]*", value)
    ? []
    : [
        regexError(
          "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
          "[A-Za-z_][A-Za-z0-9_]*",
          "my_name",
          "MY_NAME",
          "MyName",
        ),
      ];

/** 1 to 65535. */
export const isValidPortNum = (port: number) => isInRange(port, 1, 65535);
/** A number within a range. */
export const isInRange = (value: number, low: number, high: number) =>
  value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];
/** A user's number: 0 to 2^31-1. */
export const isValidUserID = (value: number) => isInRange(value, 0, 2147483647);
/** A group's number: 0 to 2^31-1. */
export const isValidGroupID = isValidUserID;

/** An IANA service name. */
export function isValidPortName(port: string): string[] {
  const problems: string[] = [];
  if (size(port) > 15) problems.push(maxLenError(15));
  if (!/^[-a-z0-9]+$/.test(port))
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(port)) problems.push("must contain at least one letter (a-z)");
  if (port.includes("--")) problems.push("must not contain consecutive hyphens");
  if (port.startsWith("-") || port.endsWith("-")) problems.push("must not begin or end with a hyphen");
  return problems;
}

/** `10%`. */
export const isValidPercent = (value: string) =>
  matches("[0-9]+%", value)
    ? []
    : [regexError("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", "1%", "93%")];

/** A header's name. */
export const isHTTPHeaderName = (value: string) =>
  matches("[-A-Za-z0-9]+", value)
    ? []
    : [
        regexError(
          "a valid HTTP header must consist of alphanumeric characters or '-'",
          "[-A-Za-z0-9]+",
          "X-Header-Name",
        ),
      ];

function parentFolder(value: string): string[] {
  if (value === ".") return ["must not be '.'"];
  if (value === "..") return ["must not be '..'"];
  return value.startsWith("..") ? ["must not start with '..'"] : [];
}

/** An environment variable's name as it was before it was relaxed. */
export function isEnvVarName(value: string): string[] {
  const text =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const pattern = "[-._a-zA-Z][-._a-zA-Z0-9]*";
  const problems = matches(pattern, value)
    ? []
    : [regexError(text, pattern, "my.env-name", "MY_ENV.NAME", "MyEnvName1")];
  return [...problems, ...parentFolder(value)];
}

/** An environment variable's name: printable ASCII without an equals sign. */
export function isRelaxedEnvVarName(value: string): string[] {
  if (value === "") return ["environment variable name must be non-empty"];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. */
export function isConfigMapKey(value: string): string[] {
  const problems = size(value) > 253 ? [maxLenError(253)] : [];
  if (!matches("[-._a-zA-Z0-9]+", value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(regexError(text, "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name"));
  }
  return [...problems, ...parentFolder(value)];
}

/** A name that can stand in a path. */
export function isValidPathSegmentName(value: string): string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return isValidPathSegmentPrefix(value);
}

/** The beginning of a name that can stand in a path. */
export function isValidPathSegmentPrefix(value: string): string[] {
  return ["/", "%"].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

/** Names end with something of the server's where only their beginning is given, so a dash at the end is good there. */
function masked(name: string, prefix: boolean): string {
  return prefix && name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;
}

/** The name of an object, or a generateName: a DNS subdomain. */
export const nameIsDNSSubdomain = (name: string, prefix: boolean) => isDNS1123Subdomain(masked(name, prefix));
/** The name of an object, or a generateName: a DNS label. */
export const nameIsDNSLabel = (name: string, prefix: boolean) => isDNS1123Label(masked(name, prefix));
/** The name of an object, or a generateName: a DNS label that starts with a letter. */
export const nameIsDNS1035Label = (name: string, prefix: boolean) => isDNS1035Label(masked(name, prefix));
/** The name of an object, or a generateName: whatever can stand in a path. */
export const pathSegmentName = (name: string, prefix: boolean) =>
  prefix ? isValidPathSegmentPrefix(name) : isValidPathSegmentName(name);
