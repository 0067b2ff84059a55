/** One object (or its stored text) as an answer in the form that the client asked for. */
import type { ServerResponse } from "../apimachinery/http.ts";
import { served } from "./endpoint.ts";
import type { Negotiated } from "./negotiation.ts";
import { isPlain, type ResourceRequest } from "./request.ts";
import { jsonText } from "./respond.ts";
import { includeObjectOf, partialMetadata, tableText } from "./table.ts";

/** The text of an object in the served version, in the given form. */
export function objectText(request: ResourceRequest, text: string, form: Negotiated): string {
  const { endpoint } = request;
  if (isPlain(form, endpoint)) return text;
  const object = JSON.parse(text);
  if (form.as === undefined) return JSON.stringify(served(endpoint, object));
  if (form.as === "Table") {
    return tableText(request, [object], { resourceVersion: object.metadata.resourceVersion ?? "" }, form);
  }
  return JSON.stringify(partialMetadata(endpoint, object, form));
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
