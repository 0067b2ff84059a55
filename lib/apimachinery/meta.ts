/** The parts of every Kubernetes object: type and object metadata (upstream: apimachinery/pkg/apis/meta/v1/types.go). */

/** A reference to the object that owns another one. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Who set which fields, kept by server-side apply. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** metadata of an object that the API server has stored. Times are RFC 3339 text in UTC. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  selfLink?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** metadata of a stored object that lives in a namespace. */
export interface NamespacedMeta extends ObjectMeta {
  namespace: string;
}

/** Any object that the API server has stored. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** An object of any kind before its kind is known: what decoding gives and the generic machinery handles. */
export interface AnyObject {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
  [field: string]: unknown;
}

/** An object as a client writes it: the server fills in the rest of its metadata. */
export type Draft<T extends { metadata: unknown }> = Omit<T, "metadata"> & { metadata: Partial<ObjectMeta> };

/** Group, version and kind. The core group is "". */
export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** Group, version and resource (plural, lower case). The core group is "". */
export interface GroupVersionResource {
  group: string;
  version: string;
  resource: string;
}

/** `v1` or `apps/v1`. */
export function apiVersionOf(gv: { group: string; version: string }): string {
  return gv.group === "" ? gv.version : `${gv.group}/${gv.version}`;
}

/** `apps/v1` → group and version; undefined where it is no apiVersion (more than one slash). */
export function parseApiVersion(apiVersion: string): { group: string; version: string } | undefined {
  const parts = apiVersion.split("/");
  if (parts.length === 1) return { group: "", version: parts[0] };
  return parts.length === 2 ? { group: parts[0], version: parts[1] } : undefined;
}

/** The object's owner that is marked as its controller, if any. */
export function controllerOf(object: { metadata: Partial<ObjectMeta> }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** `namespace/name`, or `name` for a cluster-scoped object: the key in stores, work queues and informers. */
export function keyOf(object: { metadata: { namespace?: string; name?: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : (name ?? "");
}

/** The inverse of keyOf; a key without a slash has no namespace (""). */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { namespace: "", name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** A resource and the type of its objects; the constants are in `lib/openapi/types/resources.ts`. */
export interface Resource<T extends KubeObject = KubeObject> extends GroupVersionResource {
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries the type. */
  readonly object?: T;
}
