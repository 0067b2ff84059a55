/** The object in the body of a request that creates or replaces it. */
import type { AnyObject } from "../../apimachinery/meta.ts";
import { decodeBody, readBody } from "../body.ts";
import { withKind } from "../endpoint.ts";
import { writeOptions } from "../options.ts";
import { type ResourceRequest, writeContext } from "../request.ts";
import type { WriteContext } from "../resource-store.ts";

/** What is given, and how it is to be written. */
export interface GivenObject {
  /** As the client has sent it, without defaults, in the version of the request. */
  readonly given: AnyObject;
  /** Has the warnings of the body already. */
  readonly context: WriteContext;
}

/** Reads it; `kind` is that of the query's options. Throws 400, 413 and 415 where body or options are no good. */
export async function givenObject(
  request: ResourceRequest,
  kind: "CreateOptions" | "UpdateOptions",
): Promise<GivenObject> {
  const { endpoint, info } = request;
  const { definition } = endpoint.info;
  const options = writeOptions(info.query, kind);
  const { text, format } = await readBody(request.request, definition);
  const body = decodeBody(text, format, endpoint.gvk, definition, options.fieldValidation);
  const context = writeContext(request, options.dryRun, { fieldManager: options.fieldManager });
  context.warnings.push(...body.warnings);
  return { given: withKind(endpoint, body.object), context };
}
