/** PUT of an object or of one of its subresources that are updates. */
import { newBadRequest } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import type { Negotiated } from "../negotiation.ts";
import { objectResponse } from "../render.ts";
import type { ResourceRequest } from "../request.ts";
import { withWarnings } from "../respond.ts";
import { checkNamespace } from "./create.ts";
import { givenObject } from "./given-object.ts";

/** Replaces an object (or its part that the subresource is about). */
export async function update(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { endpoint, info, server } = request;
  const { strategy, conversion } = endpoint;
  const { given, context } = await givenObject(request, "UpdateOptions");
  checkName(given, info.name);
  checkNamespace(given, info.namespace);
  strategy.setDefaults?.(given, endpoint.apiVersion);
  const object = conversion ? conversion.toStored(given) : given;
  const mayCreate = strategy.allowCreateOnUpdate && info.subresource === "";
  const change = {
    namespace: info.namespace,
    name: info.name,
    subresource: info.subresource,
    change: () => structuredClone(object),
    createIfAbsent: mayCreate ? async () => structuredClone(object) : undefined,
  };
  const written = await withWarnings(context.warnings, () => server.resources.update(endpoint, change, context));
  return objectResponse(request, written.created ? 201 : 200, written.text, form, context.warnings);
}

/** Throws 400 where the body names another object, or none. */
export function checkName({ metadata }: AnyObject, name: string): void {
  if (!metadata.name) {
    throw newBadRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name === name) return;
  throw newBadRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
}
