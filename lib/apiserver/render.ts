/** One object (or its stored text) as an answer in the form that the client asked for. */
import type { ServerResponse } from "../apimachinery/http.ts";
import type { AnyObject } from "../apimachinery/meta.ts";
import type { Endpoint } from "./endpoint.ts";
import { withKind } from "./endpoint.ts";
import type { Negotiated } from "./negotiation.ts";
import { isPlain, type ResourceRequest } from "./request.ts";
import { jsonText } from "./respond.ts";
import { includeObjectOf, partialMetadata, tableText } from "./table.ts";

/** The text of an object in the served version, in the given form. */
export function objectText(request: ResourceRequest, text: string, form: Negotiated): string {
  const { endpoint } = request;
  if (isPlain(form, endpoint)) return text;
  const object = served(endpoint, JSON.parse(text));
  if (form.as === undefined) return JSON.stringify(object);
  if (form.as === "Table") {
    return tableText(request, [object], { resourceVersion: object.metadata.resourceVersion ?? "" }, form);
  }
  return JSON.stringify(partialMetadata(object, form));
}

/** An object of the stored version as one of the served version. */
export function served(endpoint: Endpoint, object: AnyObject): AnyObject {
  return endpoint.conversion ? withKind(endpoint, endpoint.conversion.fromStored(object)) : object;
}

/** Answers with an object. */
export function objectResponse(
  request: ResourceRequest,
  status: number,
  text: string,
  form: Negotiated,
  warnings: readonly string[] = [],
): ServerResponse {
  if (form.as === "Table") includeObjectOf(request.info.query);
  return jsonText(status, `${objectText(request, text, form)}\n`, form, warnings);
}
