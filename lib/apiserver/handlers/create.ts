/** POST to a collection. */
import { newBadRequest } from "../../apimachinery/errors.ts";
import type { ServerResponse } from "../../apimachinery/http.ts";
import type { AnyObject } from "../../apimachinery/meta.ts";
import type { Negotiated } from "../negotiation.ts";
import { objectResponse } from "../render.ts";
import type { ResourceRequest } from "../request.ts";
import { withWarnings } from "../respond.ts";
import { givenObject } from "./given-object.ts";

/** Stores a new object, or answers a review, which is never stored. */
export async function create(request: ResourceRequest, form: Negotiated): Promise<ServerResponse> {
  const { endpoint, info, server } = request;
  const { strategy, conversion } = endpoint;
  const { given, context } = await givenObject(request, "CreateOptions");
  checkNamespace(given, info.namespace);
  strategy.setDefaults?.(given, endpoint.apiVersion);
  if (strategy.review) {
    if (endpoint.info.namespaced) given.metadata.namespace = info.namespace;
    const answer = await strategy.review(given, context.strategyContext);
    return objectResponse(request, 201, JSON.stringify(answer), form, context.warnings);
  }
  const object = conversion ? conversion.toStored(given) : given;
  const written = await withWarnings(context.warnings, () =>
    server.resources.create(endpoint, object, info.namespace, context),
  );
  return objectResponse(request, 201, written.text, form, context.warnings);
}

/** Throws 400 where body and path name different namespaces. */
export function checkNamespace({ metadata }: AnyObject, namespace: string): void {
  if (!metadata.namespace || metadata.namespace === namespace || namespace === "") return;
  throw newBadRequest("the namespace of the provided object does not match the namespace sent on the request");
}
