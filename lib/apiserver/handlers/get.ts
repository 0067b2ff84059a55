/** GET of one object. */
import { failure } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import { quote } from "../../apimachinery/quote.ts";
import type { Negotiated } from "../negotiation.ts";
import { objectResponse } from "../render.ts";
import type { ResourceRequest } from "../request.ts";
import { isPlain } from "../request.ts";
import { jsonText } from "../respond.ts";

/** Answers with the newest version; resourceVersion in the query is checked and otherwise met by that. */
export async function get(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { endpoint, server, info } = request;
  if (info.query.size > 0) checkResourceVersion(info.query.get("resourceVersion") ?? "");
  const text = await server.resources.getText(endpoint, info.namespace, info.name);
  if (isPlain(form, endpoint) && form.format === "json") return jsonText(200, `${text}\n`, form);
  return objectResponse(request, 200, text, form);
}

/** Throws the 500 that upstream gives for a revision that is no number. */
export function checkResourceVersion(text: string): void {
  if (/^\d*$/.test(text)) return;
  const value = quote(text);
  const why = `strconv.ParseUint: parsing ${value}: invalid syntax`;
  throw failure(500, "", `resourceVersion: Invalid value: ${value}: ${why}`);
}
