/** One request on its way through the chain: what handlers are given. */
import type { ServerRequest, UserInfo } from "../apimachinery/http.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Negotiated } from "./negotiation.ts";
import type { RequestInfo } from "./request-info.ts";
import type { WriteContext } from "./resource-store.ts";
import type { ServerContext } from "./server-context.ts";

/** A request to a resource. */
export interface ResourceRequest {
  readonly server: ServerContext;
  readonly request: ServerRequest;
  readonly info: RequestInfo;
  readonly endpoint: Endpoint;
  readonly user: UserInfo;
}

/** The context of a write that this request makes. */
export function writeContext(
  { server, user, endpoint }: ResourceRequest,
  dryRun: boolean,
  options: Readonly<Record<string, unknown>> = {},
): WriteContext {
  return {
    user,
    dryRun,
    options,
    warnings: [],
    admission: server.admission,
    strategyContext: server.strategyContext(user, endpoint.apiVersion, dryRun),
  };
}

/** The forms that answers with one object have. */
export const objectForms = ["Table", "PartialObjectMetadata"];
/** The forms that answers with a list have. */
export const listForms = ["Table", "PartialObjectMetadataList"];

/** The forms that the answer to a review has: it is no object that a table could show. */
export const reviewForms = ["PartialObjectMetadata"];

/** The forms that a watch takes. */
export const watchForms = [...objectForms, "PartialObjectMetadataList"];

/** Whether the stored texts can be sent as they are. */
export function isPlain(form: Negotiated, endpoint: Endpoint): boolean {
  return form.as === undefined && endpoint.conversion === undefined;
}
