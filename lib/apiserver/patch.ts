/** A PATCH body, read once and applied to one version after another. Server-side apply will be one more type here. */
import { failure, newBadRequest, newInvalid, newRequestEntityTooLarge } from "../apimachinery/errors.ts";
import { duplicateKeys, nestingError, syntaxErrorText } from "../apimachinery/json/syntax.ts";
import type { AnyObject, GroupVersionKind } from "../apimachinery/meta.ts";
import { applyJsonPatch, JsonPatchError, type Operation } from "../apimachinery/patch/json-patch.ts";
import { applyMergePatch } from "../apimachinery/patch/merge-patch.ts";
import { applyStrategicMergePatch, StrategicPatchError } from "../apimachinery/patch/strategic-merge-patch.ts";
import { invalid, path } from "../apimachinery/validation/field.ts";
import { patchSchema } from "../openapi/patch-schema.ts";
import type { FieldValidation } from "./body.ts";

/** The media types that a PATCH may have. */
export const patchTypes: readonly string[] = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

/** A patch. */
export interface Patch {
  /** The patched object, not decoded yet. Throws StatusError. */
  apply(current: AnyObject): unknown;
  /** `duplicate field "..."` for each key that stands twice in the body; a JSON patch's unknown fields too. */
  readonly duplicates: readonly string[];
}

const maxOperations = 10_000;

function parseJson(text: string): unknown {
  const tooDeep = nestingError(text);
  if (tooDeep !== undefined) throw newBadRequest(`error decoding patch: ${tooDeep}`);
  try {
    return JSON.parse(text);
  } catch {
    throw newBadRequest(`error decoding patch: ${syntaxErrorText(text)}`);
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a patch's body. Throws 400 and 413. */
export function parsePatch(
  type: string,
  text: string,
  definitionName: string,
  kind: GroupVersionKind,
  validation: FieldValidation,
): Patch {
  const value = parseJson(text);
  const isJsonPatch = type === patchTypes[0];
  const repeated = validation === "Ignore" ? [] : duplicateKeys(text).map((at) => `duplicate field "${at}"`);
  const unknown = validation === "Ignore" || !isJsonPatch ? [] : unknownOperationFields(value);
  const duplicates = isJsonPatch ? [...repeated, ...unknown].map((problem) => `json patch ${problem}`) : repeated;
  if (isJsonPatch) return { apply: jsonPatch(value), duplicates };
  if (!isMap(value)) {
    const go = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
    throw newBadRequest(`json: cannot unmarshal ${go} into Go value of type map[string]interface {}`);
  }
  checkKind(value, kind);
  if (type === patchTypes[1]) return { apply: (current) => applyMergePatch(current, value), duplicates };
  return { apply: (current) => strategic(current, value, definitionName), duplicates };
}

const operationFields = new Set(["op", "path", "from", "value"]);

function unknownOperationFields(operations: unknown): string[] {
  if (!Array.isArray(operations)) return [];
  return operations.flatMap((operation, index) =>
    Object.keys(isMap(operation) ? operation : {})
      .filter((field) => !operationFields.has(field))
      .map((field) => `unknown field "[${index}].${field}"`),
  );
}

/** A patch may not make another kind of the object. */
function checkKind(patch: Record<string, unknown>, kind: GroupVersionKind): void {
  const { group, version } = kind;
  const wanted = group === "" ? version : `${group}/${version}`;
  const good = (patch.kind ?? kind.kind) === kind.kind && (patch.apiVersion ?? wanted) === wanted;
  if (!good) throw unprocessable();
}

const unprocessable = () =>
  failure(422, "Invalid", "the server rejected our request due to an error in our request", {});

function jsonPatch(value: unknown): Patch["apply"] {
  if (!Array.isArray(value))
    throw newBadRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (value.length > maxOperations) {
    const text = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${value.length}`;
    throw newRequestEntityTooLarge(text);
  }
  return (current) => {
    try {
      return applyJsonPatch(current, value as Operation[]);
    } catch (error) {
      if (error instanceof JsonPatchError) throw unprocessable();
      throw error;
    }
  };
}

function strategic(current: AnyObject, patch: Record<string, unknown>, definitionName: string): unknown {
  try {
    return applyStrategicMergePatch(current, patch, patchSchema(definitionName));
  } catch (error) {
    if (!(error instanceof StrategicPatchError)) throw error;
    throw failure(error.code, error.code === 400 ? "BadRequest" : "", error.message);
  }
}

/** 422: the patched object cannot be read as its kind. */
export function patchedIsInvalid(patched: unknown, why: string) {
  return newInvalid({ group: "", kind: "" }, "", [invalid(path("patch"), JSON.stringify(patched), why)]);
}
