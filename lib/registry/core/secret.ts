/** Secrets (upstream: pkg/registry/core/secret). */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { type FieldError, invalid, path, required, tooLong } from "../../apimachinery/validation/field.ts";
import { validateImmutableField } from "../../apimachinery/validation/meta.ts";
import type { Secret } from "../../openapi/types/core-v1.ts";
import { ageCell } from "../printers/cells.ts";
import type { Strategy } from "../strategy.ts";
import { base64Bytes, maxDataBytes, validateDataKeys, validateSealed } from "./immutable-data.ts";

const dataField = path("data");
const accountName = "kubernetes.io/service-account.name";

/** Text that a client wrote for convenience becomes data, which alone is stored. */
function setDefaults(secret: Secret): void {
  if (secret.stringData) {
    secret.data ??= {};
    for (const [key, value] of Object.entries(secret.stringData)) {
      secret.data[key] = Buffer.from(value).toString("base64");
    }
    delete secret.stringData;
  }
  secret.type ||= "Opaque";
}

const decoded = (value: string | undefined) => Buffer.from(value ?? "", "base64").toString();

function validateJSON(secret: Secret, key: string): FieldError[] {
  const field = dataField.key(key);
  if (secret.data?.[key] === undefined) return [required(field, "")];
  const problem = jsonProblem(decoded(secret.data[key]));
  return problem ? [invalid(field, "<secret contents redacted>", problem)] : [];
}

/** Why a text is no JSON object, in the words of Go's decoder; undefined: it is one. */
function jsonProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const at = /position (\d+)/.exec(message);
    const position = at ? Number(at[1]) : text.length;
    if (position >= text.length || /Unexpected end|Unterminated/.test(message)) return "unexpected end of JSON input";
    const character = JSON.stringify(text[position]).slice(1, -1);
    return `invalid character '${character}' looking for beginning of value`;
  }
  if (typeof value === "object" && !Array.isArray(value)) return undefined;
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

const needed = (secret: Secret, keys: readonly string[]) =>
  keys.flatMap((key) => (secret.data?.[key] === undefined ? [required(dataField.key(key), "")] : []));

function validateType(secret: Secret): FieldError[] {
  switch (secret.type) {
    case "kubernetes.io/service-account-token":
      if (secret.metadata.annotations?.[accountName]) return [];
      return [required(path("metadata", "annotations").key(accountName), "")];
    case "kubernetes.io/dockercfg":
      return validateJSON(secret, ".dockercfg");
    case "kubernetes.io/dockerconfigjson":
      return validateJSON(secret, ".dockerconfigjson");
    case "kubernetes.io/basic-auth": {
      const errors = needed(secret, ["username", "password"]);
      return errors.length === 2 ? errors : [];
    }
    case "kubernetes.io/ssh-auth":
      return secret.data?.["ssh-privatekey"] ? [] : [required(dataField.key("ssh-privatekey"), "")];
    case "kubernetes.io/tls":
      return needed(secret, ["tls.crt", "tls.key"]);
    default:
      return [];
  }
}

function validate(secret: Secret): FieldError[] {
  const errors = validateDataKeys(secret.data, dataField);
  let bytes = 0;
  for (const value of Object.values(secret.data ?? {})) bytes += base64Bytes(value);
  if (bytes > maxDataBytes) errors.push(tooLong(dataField, maxDataBytes));
  return [...errors, ...validateType(secret)];
}

/** A certificate that can't be used is stored all the same, with a warning. */
function warnings(secret: Secret): string[] {
  if (secret.type !== "kubernetes.io/tls") return [];
  const pem = { "tls.crt": decoded(secret.data?.["tls.crt"]), "tls.key": decoded(secret.data?.["tls.key"]) };
  if (!pem["tls.crt"].includes("-----BEGIN")) return ["tls: failed to find any PEM data in certificate input"];
  if (!pem["tls.key"].includes("-----BEGIN")) return ["tls: failed to find any PEM data in key input"];
  try {
    const matches = new X509Certificate(pem["tls.crt"]).checkPrivateKey(createPrivateKey(pem["tls.key"]));
    return matches ? [] : ["tls: private key does not match public key"];
  } catch (error) {
    return [`tls: ${error instanceof Error ? error.message : "failed to parse the certificate or its key"}`];
  }
}

/** secrets */
export const secretStrategy: Strategy<Secret> = {
  setDefaults,
  validate,
  warningsOnCreate: warnings,
  validateUpdate: (secret, old) => [
    ...validateImmutableField(secret.type, old.type, path("type")),
    ...validateSealed(secret, old),
    ...validate(secret),
  ],
  warningsOnUpdate: warnings,
  selectableFields: ({ type }) => ({ type: type ?? "" }),
  cells: ({ metadata, type, data }, { now }) => [
    metadata.name,
    type ?? "",
    Object.keys(data ?? {}).length,
    ageCell(metadata.creationTimestamp, now),
  ],
};
