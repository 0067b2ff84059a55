/** The options of writes: read from the query (or a DELETE's body) and checked (upstream: apis/meta/v1/validation). */
import { newBadRequest, newInvalid } from "../apimachinery/errors.ts";
import { type FieldError, forbidden, invalid, notSupported, path } from "../apimachinery/validation/field.ts";
import { validateFieldManager } from "../apimachinery/validation/meta.ts";
import type { DeleteOptions } from "../registry/strategy.ts";
import type { FieldValidation } from "./body.ts";
import { isTrue } from "./request-info.ts";

/** What a create, update or patch is asked for besides its object. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

function validateDryRun(values: readonly string[]): FieldError[] {
  return values.every((value) => value === "All") ? [] : [notSupported(path("dryRun"), values, ["All"])];
}

function check(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw newInvalid({ group: "meta.k8s.io", kind }, "", errors);
}

/** Options of a create, update or patch. Throws 422 that names the options' kind. */
export function writeOptions(
  query: URLSearchParams,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
): WriteOptions {
  if (query.size === 0) return { dryRun: false, fieldManager: "", fieldValidation: "Warn", force: false };
  const dryRun = query.getAll("dryRun");
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") ?? "";
  const errors =
    kind === "PatchOptions" && query.has("force") && !query.has("__apply")
      ? [forbidden(path("force"), "may not be specified for non-apply patch")]
      : [];
  errors.push(...validateFieldManager(fieldManager, path("fieldManager")), ...validateDryRun(dryRun));
  if (!["", "Ignore", "Warn", "Strict"].includes(fieldValidation)) {
    errors.push(notSupported(path("fieldValidation"), fieldValidation, ["", "Ignore", "Warn", "Strict"]));
  }
  check(kind, errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: (fieldValidation || "Warn") as FieldValidation,
    force: isTrue(query.get("force")),
  };
}

/** Go's ParseInt. Throws 400 with its text. */
export function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (Math.abs(value) > 2 ** 63)
    throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}

/** DeleteOptions as the query has them. */
export function deleteOptionsOfQuery(query: URLSearchParams): DeleteOptions {
  const options: DeleteOptions = {};
  const grace = query.get("gracePeriodSeconds");
  if (grace) options.gracePeriodSeconds = parseInteger(grace);
  const orphan = query.get("orphanDependents");
  if (orphan !== null) options.orphanDependents = isTrue(orphan);
  const policy = query.get("propagationPolicy");
  if (policy !== null) options.propagationPolicy = policy;
  const dryRun = query.getAll("dryRun");
  if (dryRun.length > 0) options.dryRun = dryRun;
  return options;
}

/** Throws 422. */
export function checkDeleteOptions(options: DeleteOptions): void {
  const errors: FieldError[] = [];
  const { propagationPolicy } = options;
  const field = path("propagationPolicy");
  if (options.orphanDependents !== undefined && propagationPolicy !== undefined) {
    errors.push(invalid(field, propagationPolicy, "orphanDependents and deletionPropagation cannot be both set"));
  }
  const policies = ["Foreground", "Background", "Orphan"];
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    const list = [...policies, "nil"].map((one) => JSON.stringify(one)).join(", ");
    errors.push({ ...notSupported(field, propagationPolicy, []), detail: `supported values: ${list}` });
  }
  check("DeleteOptions", [...errors, ...validateDryRun(options.dryRun ?? [])]);
}
