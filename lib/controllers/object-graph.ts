/**
 * All objects by uid and by owner, as metadata (upstream: garbagecollector/graph_builder.go). Locally it is built from
 * informers of every resource; in the cloud from the store's owner index.
 */
import type { KubeObject, Resource } from "../apimachinery/meta.ts";

/** An object with the resource that it is of. Only its type and metadata are there. */
export interface GraphObject {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/**
 * All objects of the resources that can be listed, watched and deleted; Events are left out. It may lag behind the
 * server.
 */
export interface ObjectGraph {
  find(uid: string): GraphObject | undefined;
  /** What names the uid in its ownerReferences. */
  dependents(uid: string): GraphObject[];
  /** Whether a namespace has objects of a resource. */
  hasObjects(resource: Resource, namespace: string): boolean;
  /** The resource of a kind, at whatever version it is kept. */
  resourceOf(apiVersion: string, kind: string): Resource | undefined;
  /** By its plural and its group. */
  resource(group: string, plural: string): Resource | undefined;
  /** Those that live in namespaces. */
  namespaced(): Resource[];
}
