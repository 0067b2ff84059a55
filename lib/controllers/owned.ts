/**
 * Finds what an object controls, and what nobody does (upstream: PodControllerIndex in controller/controller_utils.go).
 */
import {
  apiVersionOf,
  controllerOf,
  type KubeObject,
  type OwnerReference,
  type Resource,
} from "../apimachinery/meta.ts";
import type { Informer } from "../client/informer.ts";

const index = "controller";

/** Prepares an informer for ownedBy and orphansIn. */
export function indexByController<T extends KubeObject>(informer: Informer<T>): Informer<T> {
  informer.addIndex(index, (object) => [controllerOf(object)?.uid ?? `orphans/${object.metadata.namespace ?? ""}`]);
  return informer;
}

/** What the object with the uid controls. */
export function ownedBy<T extends KubeObject>(informer: Informer<T>, uid: string): T[] {
  return informer.byIndex(index, uid);
}

/** What no object controls, in a namespace. */
export function orphansIn<T extends KubeObject>(informer: Informer<T>, namespace: string): T[] {
  return informer.byIndex(index, `orphans/${namespace}`);
}

/** The reference by which `owner` controls another object. */
export function newControllerRef(resource: Resource, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The key of the object's controller where that is of the resource's group and kind. */
export function controllerKey(resource: Resource, object: KubeObject | undefined): string | undefined {
  if (object === undefined) return undefined;
  const owner = controllerOf(object);
  if (owner === undefined || owner.kind !== resource.kind) return undefined;
  const slash = owner.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : owner.apiVersion.slice(0, slash);
  if (group !== resource.group) return undefined;
  return resource.namespaced ? `${object.metadata.namespace}/${owner.name}` : owner.name;
}
