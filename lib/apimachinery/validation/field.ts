/** Field errors and paths of validation (upstream: apimachinery/pkg/util/validation/field). */
import { goJson, quote } from "../quote.ts";

/** Upstream's ErrorType; the value is the reason of a cause. */
export type FieldErrorType =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "InternalError"
  | "FieldValueTypeInvalid";

/** One thing that is wrong with one field. `value` is shown in the message, except for Required, Forbidden, TooLong and InternalError. */
export interface FieldError {
  type: FieldErrorType;
  field: string;
  value: unknown;
  detail: string;
}

const texts: Record<FieldErrorType, string> = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  InternalError: "Internal error",
  FieldValueTypeInvalid: "Invalid value",
};

const withoutValue = new Set<FieldErrorType>([
  "FieldValueRequired",
  "FieldValueForbidden",
  "FieldValueTooLong",
  "InternalError",
]);

/** Instead of a value that tells nothing: the message leaves it out. */
export const omitted = Symbol("omitted");

/** A text that upstream has a pointer to: messages show it as JSON, not as `%q` has it. */
export const pointed = (text: string) => ({ toJSON: () => text });

/** The error without its field: what a cause's message holds. */
export function fieldErrorText(error: FieldError): string {
  const silent = withoutValue.has(error.type) || error.value === omitted;
  const head = silent ? texts[error.type] : `${texts[error.type]}: ${valueText(error.value)}`;
  return error.detail === "" ? head : `${head}: ${error.detail}`;
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return "null";
  return typeof value === "string" ? quote(value) : goJson(value);
}

/**
 * The place of a field: `spec.containers[0].ports[1].name`, `metadata.labels[a/b]`.
 *
 *     const spec = path("spec");
 *     spec.child("containers").index(0).child("name").toString(); // spec.containers[0].name
 */
export class Path {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  /** The path of a field (or of a field of a field, ...) of this one. */
  child(...names: string[]): Path {
    return new Path([this.#text, ...names].filter((part) => part !== "").join("."));
  }

  /** The path of an element. */
  index(index: number): Path {
    return new Path(`${this.#text}[${index}]`);
  }

  /** The path of an entry of a map. */
  key(key: string): Path {
    return new Path(`${this.#text}[${key}]`);
  }

  toString(): string {
    return this.#text === "" ? "<nil>" : this.#text;
  }
}

/** A path from its first names. */
export function path(...names: string[]): Path {
  return new Path(names.join("."));
}

const error = (type: FieldErrorType, field: Path, value: unknown, detail: string): FieldError => ({
  type,
  field: field.toString(),
  value,
  detail,
});

/** A value that must name something that exists does not. */
export const notFound = (field: Path, value: unknown) => error("FieldValueNotFound", field, value, "");
/** A value is missing. */
export const required = (field: Path, detail: string) => error("FieldValueRequired", field, "", detail);
/** A value that must be unique is there twice. */
export const duplicate = (field: Path, value: unknown) => error("FieldValueDuplicate", field, value, "");
/** A value is malformed or out of range. */
export const invalid = (field: Path, value: unknown, detail: string) =>
  error("FieldValueInvalid", field, value, detail);
/** A value may not be set here. */
export const forbidden = (field: Path, detail: string) => error("FieldValueForbidden", field, "", detail);
/** A value has a wrong type. */
export const typeInvalid = (field: Path, value: unknown, detail: string) =>
  error("FieldValueTypeInvalid", field, value, detail);
/** Something failed while validating. */
export const internal = (field: Path, detail: string) => error("InternalError", field, null, detail);

/** A value is none of those that are known; they are shown sorted and quoted. */
export function notSupported(field: Path, value: unknown, valid: readonly string[]): FieldError {
  const list = [...valid].sort().map(quote);
  return error("FieldValueNotSupported", field, value, list.length === 0 ? "" : `supported values: ${list.join(", ")}`);
}

/** As notSupported, with the values in the order in which they are given (upstream lists some unsorted). */
export function notSupportedAsListed(field: Path, value: unknown, valid: readonly string[]): FieldError {
  const list = valid.map(quote);
  return error("FieldValueNotSupported", field, value, `supported values: ${list.join(", ")}`);
}

/** A text is longer than `max` bytes. */
export const tooLong = (field: Path, max: number) =>
  error("FieldValueTooLong", field, "", max >= 0 ? `may not be more than ${max} bytes` : "value is too long");

/** A list has more than `max` items. */
export const tooMany = (field: Path, actual: number, max: number) =>
  error("FieldValueTooMany", field, actual, max >= 0 ? `must have at most ${max} items` : "has too many items");
