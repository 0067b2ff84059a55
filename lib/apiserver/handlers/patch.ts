/** PATCH of an object or of one of its subresources that are updates. */
import { failure, newBadRequest } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import { bodyText, decodeValue } from "../body.ts";
import { served, withKind } from "../endpoint.ts";
import type { Negotiated } from "../negotiation.ts";
import { writeOptions } from "../options.ts";
import { type Patch, parsePatch, patchedIsInvalid, patchTypes } from "../patch.ts";
import { objectResponse } from "../render.ts";
import { type ResourceRequest, writeContext } from "../request.ts";
import { withWarnings } from "../respond.ts";
import { writeScale } from "./scale.ts";

/** Applies the patch to the newest version, again where another write came between. */
export async function patch(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { endpoint, info, server } = request;
  const patchType = mediaType(request);
  const options = writeOptions(info.query, "PatchOptions");
  const text = await bodyText(request.request);
  const scale = info.subresource === "scale" ? endpoint.strategy.scale : undefined;
  const kind = scale ? endpoint.info.subresources.scale.kind : endpoint.gvk;
  const definition = scale ? "autoscaling.v1.Scale" : endpoint.info.definition;
  const parsed = parsePatch(patchType, text, definition, kind, options.fieldValidation);
  const context = writeContext(request, options.dryRun, { fieldManager: options.fieldManager });
  const apply = (current: AnyObject) => {
    const patched = patchedObject(parsed, current, request, kind, definition, options.fieldValidation);
    context.warnings.splice(0, Number.POSITIVE_INFINITY, ...patched.warnings);
    return patched.object;
  };
  if (scale) return writeScale(request, scale, form, options.dryRun, context.warnings, apply);
  const change = (current: AnyObject) => {
    const { strategy, conversion } = endpoint;
    const object = withKind(endpoint, apply(served(endpoint, current)));
    checkIdentity(object, info.name, info.namespace);
    strategy.setDefaults?.(object, endpoint.apiVersion);
    return conversion ? conversion.toStored(object) : object;
  };
  const { namespace, name, subresource } = info;
  const update = { namespace, name, subresource, change, retry: true };
  const written = await withWarnings(context.warnings, () => server.resources.update(endpoint, update, context));
  return objectResponse(request, 200, written.text, form, context.warnings);
}

function mediaType({ request }: ResourceRequest): string {
  const type = (request.header("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (!patchTypes.includes(type)) throw failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  return type;
}

function patchedObject(
  parsed: Patch,
  current: AnyObject,
  request: ResourceRequest,
  kind: typeof request.endpoint.gvk,
  definition: string,
  validation: Parameters<typeof decodeValue>[3],
) {
  const value = parsed.apply(current);
  const wrongType = (_: unknown, why: string) => patchedIsInvalid(value, why);
  const decoded = decodeValue(value, kind, definition, validation, parsed.duplicates, wrongType);
  return { object: decoded.object, warnings: decoded.warnings };
}

/** A patch may not move an object. */
function checkIdentity({ metadata }: AnyObject, name: string, namespace: string): void {
  if (metadata.name !== name) {
    if (!metadata.name)
      throw failure(
        400,
        "BadRequest",
        `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
      );
    throw newBadRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (namespace !== "" && metadata.namespace && metadata.namespace !== namespace) {
    throw newBadRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}
