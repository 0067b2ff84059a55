/** From a request to what authorizers are asked (upstream: endpoints/filters/authorization.go). */
import type { UserInfo } from "../../apimachinery/http.ts";
import type { RequestInfo } from "../request-info.ts";
import type { AuthorizationAttributes } from "./authorizer.ts";

/** What the request wants. Selectors count for what reads or deletes many objects. */
export function requestAttributes(info: RequestInfo, user: UserInfo): AuthorizationAttributes {
  const { verb, namespace, group, version, resource, subresource, name, path, query } = info;
  if (!info.isResource) {
    return { user, verb, namespace: "", group: "", version: "", resource: "", subresource: "", name: "", path };
  }
  const selects = verb === "list" || verb === "watch" || verb === "deletecollection";
  const fieldSelector = selects ? (query.get("fieldSelector") ?? undefined) : undefined;
  const labelSelector = selects ? (query.get("labelSelector") ?? undefined) : undefined;
  return { user, verb, namespace, group, version, resource, subresource, name, fieldSelector, labelSelector };
}
