/**
 * All objects by uid and by owner, as metadata (upstream: garbagecollector/graph_builder.go). Locally it is built from
 * informers of every resource; in the cloud from the store's owner index.
 */
import type { KubeObject, OwnerReference, Resource } from "../apimachinery/meta.ts";

/** An object with the resource that it is of. Only its type and metadata are there. */
export interface GraphObject {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** An owner as a dependent names it. */
export type OwnerName = Pick<OwnerReference, "apiVersion" | "kind" | "name" | "uid">;

/**
 * All objects of the resources that can be listed, watched and deleted; Events are left out. It may lag behind the
 * server. Where it asks the server, a question rejects as the client does.
 */
export interface ObjectGraph {
  /**
   * The object with the owner's uid, which a dependent in `namespace` (or in none) names. Graphs that know all uids also
   * find it where the rest of the name is wrong; others look only at the place that is named.
   */
  find(owner: OwnerName, namespace: string | undefined): Promise<GraphObject | undefined>;
  /** What names the uid in its ownerReferences. */
  dependents(uid: string): Promise<GraphObject[]>;
  /** Whether a namespace has objects of a resource. */
  hasObjects(resource: Resource, namespace: string): Promise<boolean>;
  /** The resource of a kind, at whatever version it is kept. */
  resourceOf(apiVersion: string, kind: string): Promise<Resource | undefined>;
  /** By its plural and its group. */
  resource(group: string, plural: string): Promise<Resource | undefined>;
}
