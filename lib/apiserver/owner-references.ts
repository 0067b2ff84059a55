/** Owners that an object names twice (upstream: endpoints/handlers/rest.go, dedupOwnerReferences). */
import type { AnyObject } from "../apimachinery/meta.ts";

/** Keeps the first of equal owner references and warns of the others' uids. Changes the object. */
export function dedupOwnerReferences({ metadata }: AnyObject, warnings: string[]): void {
  const references = metadata.ownerReferences;
  if (!references || references.length < 2) return;
  const seen = new Map<string, (typeof references)[number]>();
  const repeated = new Set<string>();
  for (const reference of references) {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = reference;
    const id = JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
    if (seen.has(id)) repeated.add(uid);
    else seen.set(id, reference);
  }
  if (repeated.size === 0) return;
  metadata.ownerReferences = [...seen.values()];
  const start = ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+";
  const uids = [...repeated].join(", ");
  warnings.push(
    `${start}, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  );
}
