/** Kinds that clients should leave: each answer about them says so (upstream: endpoints/deprecation). */
import type { ServerRequest, ServerResponse } from "../apimachinery/http.ts";
import type { Endpoint } from "./endpoint.ts";
import { failureForm } from "./negotiation.ts";
import { failureResponse, warningHeader } from "./respond.ts";

/** Since when, and what to use instead. */
const deprecated: Readonly<Record<string, string>> = {
  "v1/componentstatuses": "v1 ComponentStatus is deprecated in v1.19+",
  "v1/endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
};

function withWarning(response: ServerResponse, text: string): ServerResponse {
  const given = response.headers.Warning ?? [];
  const others = typeof given === "string" ? [given] : given;
  return { ...response, headers: { ...response.headers, Warning: [warningHeader(text), ...others] } };
}

/** The answer, a failure too, with the warning of its kind if that is deprecated. */
export async function warnOfDeprecation(
  { apiVersion, info }: Endpoint,
  request: ServerRequest,
  respond: () => Promise<ServerResponse>,
): Promise<ServerResponse> {
  const text = deprecated[`${apiVersion}/${info.resource}`];
  if (text === undefined) return respond();
  try {
    return withWarning(await respond(), text);
  } catch (error) {
    return withWarning(failureResponse(error, failureForm(request)), text);
  }
}
