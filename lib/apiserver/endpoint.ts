/** A resource as it is served: its facts, what is special about it, where it is stored. */
import type { GroupResource } from "../apimachinery/errors.ts";
import type { AnyObject, GroupVersionKind } from "../apimachinery/meta.ts";
import { apiVersionOf } from "../apimachinery/meta.ts";
import { canonicalize } from "../openapi/decode.ts";
import { findResource, type ResourceInfo } from "../openapi/resources.ts";
import type { Strategy } from "../registry/strategy.ts";
import type { Collection } from "../storage/interface.ts";
import type { Conversion } from "./conversion.ts";

/** Everything that the handlers need to know of a resource. */
export interface Endpoint {
  readonly info: ResourceInfo;
  readonly strategy: Strategy;
  readonly gr: GroupResource;
  readonly gvk: GroupVersionKind;
  readonly apiVersion: string;
  readonly collection: Collection;
  /** What every stored text begins with; a list's items come without it. */
  readonly head: string;
  /** Where the version that is served is not the one that is stored. */
  readonly conversion?: Conversion;
}

/** Makes an endpoint of a cluster. */
export function endpoint(cluster: string, info: ResourceInfo, strategy: Strategy, conversion?: Conversion): Endpoint {
  const gvk = { group: info.group, version: info.version, kind: info.kind };
  const apiVersion = apiVersionOf(gvk);
  return {
    info,
    strategy,
    gr: { group: info.group, resource: info.resource },
    gvk,
    apiVersion,
    collection: { cluster, group: info.storage.group, resource: info.storage.resource },
    head: `{"kind":${JSON.stringify(info.kind)},"apiVersion":${JSON.stringify(apiVersion)},`,
    conversion,
  };
}

/** The key of an object in its collection. */
export function storageKey(namespace: string, name: string): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** An object of the stored version as it is stored: canonical, with that version's kind and apiVersion. */
export function storedForm({ info, conversion }: Endpoint, object: AnyObject): AnyObject {
  const { group, version, resource } = info.storage;
  const stored = conversion ? (findResource(group, version, resource) ?? info) : info;
  const { resourceVersion } = object.metadata;
  // The revision has its place among the fields before it is known: equal objects must have equal texts.
  object.metadata.resourceVersion ||= "0";
  const canonical = canonicalize(stored.definition, object);
  canonical.metadata.resourceVersion = resourceVersion;
  canonical.kind = stored.kind;
  canonical.apiVersion = apiVersionOf(stored);
  return canonical;
}

/** kind and apiVersion first, then the rest as it is. */
export function withKind({ info, apiVersion }: Endpoint, object: AnyObject): AnyObject {
  object.kind = info.kind;
  object.apiVersion = apiVersion;
  return object;
}

/** An object of the stored version as one of the served version. */
export function served(endpoint: Endpoint, object: AnyObject): AnyObject {
  return endpoint.conversion ? withKind(endpoint, endpoint.conversion.fromStored(object)) : object;
}
