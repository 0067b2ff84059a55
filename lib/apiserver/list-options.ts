/** ListOptions of lists and watches: read and checked (upstream: apis/meta/internalversion/validation). Throws 400 or 422. */
import { newBadRequest, newInvalid } from "../apimachinery/errors.ts";
import { quote } from "../apimachinery/quote.ts";
import { type FieldError, forbidden, notSupported, path } from "../apimachinery/validation/field.ts";
import { parseInteger } from "./options.ts";
import { isTrue } from "./request-info.ts";

/** What a list or watch is asked for besides its selectors. */
export interface ListOptions {
  readonly watch: boolean;
  readonly limit: number;
  readonly continueText: string;
  readonly resourceVersion: string;
  readonly match: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowBookmarks: boolean;
  /** undefined where the client said nothing. */
  readonly sendInitialEvents: boolean | undefined;
  /** The watch ends once all that was written before it has been sent. Ours; upstream ignores what it does not know. */
  readonly untilCaughtUp: boolean;
}

const none: ListOptions = {
  watch: false,
  limit: 0,
  continueText: "",
  resourceVersion: "",
  match: "",
  timeoutSeconds: undefined,
  allowBookmarks: false,
  sendInitialEvents: undefined,
  untilCaughtUp: false,
};

/** The options of a query. */
export function listOptions(query: URLSearchParams, watch: boolean): ListOptions {
  if (query.size === 0) return watch ? { ...none, watch } : none;
  const number = (name: string) => {
    const text = query.get(name);
    return text === null || text === "" ? undefined : parseInteger(text);
  };
  const initial = query.get("sendInitialEvents");
  const options: ListOptions = {
    watch,
    limit: number("limit") ?? 0,
    continueText: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    match: query.get("resourceVersionMatch") ?? "",
    timeoutSeconds: number("timeoutSeconds"),
    allowBookmarks: isTrue(query.get("allowWatchBookmarks")),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
    untilCaughtUp: watch && isTrue(query.get("untilCaughtUp")),
  };
  const errors = watch ? watchErrors(options) : listErrors(options);
  if (errors.length > 0) throw newInvalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
  return options;
}

const matchField = path("resourceVersionMatch");

function listErrors({ match, resourceVersion, continueText, sendInitialEvents }: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== "") {
    if (resourceVersion === "") {
      errors.push(forbidden(matchField, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (continueText !== "") {
      errors.push(forbidden(matchField, "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      const list = '"Exact", "NotOlderThan", ""';
      errors.push({ ...notSupported(matchField, match, []), detail: `supported values: ${list}` });
    }
    if (match === "Exact" && resourceVersion === "0") {
      const text = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
      errors.push(forbidden(matchField, text));
    }
  }
  if (sendInitialEvents !== undefined) {
    errors.push(forbidden(path("sendInitialEvents"), "sendInitialEvents is forbidden for list"));
  }
  return errors;
}

function watchErrors({ match, continueText, sendInitialEvents }: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== "" && sendInitialEvents === undefined) {
    const text = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
    errors.push(forbidden(matchField, text));
  }
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    const text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    errors.push(forbidden(matchField, text));
  }
  if (match !== "" && match !== "NotOlderThan") errors.push(notSupported(matchField, match, ["NotOlderThan"]));
  if (continueText !== "") {
    errors.push(forbidden(matchField, "resourceVersionMatch is forbidden when continue is provided"));
  }
  return errors;
}

/** A revision as a number. Throws the 400 that lists give. */
export function listRevision(text: string): number {
  if (/^\d*$/.test(text)) return Number(text);
  const value = quote(text);
  const why = `resourceVersion: Invalid value: ${value}: strconv.ParseUint: parsing ${value}: invalid syntax`;
  throw newBadRequest(`invalid resource version: ${why}`);
}
