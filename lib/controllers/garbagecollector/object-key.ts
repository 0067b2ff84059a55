/**
 * How the garbage collector's keys name an object: by place and by uid, so that a successor of the same name is another
 * one.
 */
import { type KubeObject, keyOf, type OwnerReference, type Resource, splitKey } from "../../apimachinery/meta.ts";
import type { GraphObject } from "../object-graph.ts";

/** What a key says. */
export interface ObjectKey {
  readonly group: string;
  readonly plural: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** `group plural uid namespace/name`; the core group is empty. */
export function objectKey(resource: Resource, object: KubeObject): string {
  return `${resource.group} ${resource.resource} ${object.metadata.uid} ${keyOf(object)}`;
}

/** The key of an object of the graph. */
export function graphKey({ resource, object }: GraphObject): string {
  return objectKey(resource, object);
}

/** The inverse of objectKey; of what is no key, a kind that nobody serves. */
export function parseObjectKey(key: string): ObjectKey {
  const [group, plural = "", uid = "", ...place] = key.split(" ");
  // Names of roles may hold blanks.
  return { group, plural, uid, ...splitKey(place.join(" ")) };
}

/** Deletion waits for the dependents to be gone. */
export const foregroundFinalizer = "foregroundDeletion";
/** Deletion waits for the dependents to be released. */
export const orphanFinalizer = "orphan";

/** Whether an object is being deleted and holds a finalizer. */
export function isEndingWith(object: KubeObject, finalizer: string): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.includes(finalizer);
}

/** Whether the reference keeps its owner from going while that is deleted in the foreground. */
export function isBlocking(reference: OwnerReference): boolean {
  return reference.blockOwnerDeletion === true;
}
