/** Metadata that a subresource may not change (upstream: meta/v1.ResetObjectMetaForStatus). */
import type { Pod } from "../../../openapi/types/core-v1.ts";

const kept = [
  "deletionTimestamp",
  "generation",
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
  "managedFields",
] as const;

/** Mutates `pod`. */
export function resetMetadata({ metadata }: Pod, { metadata: old }: Pod): void {
  for (const name of kept) {
    if (old[name] === undefined) delete metadata[name];
    else Object.assign(metadata, { [name]: old[name] });
  }
}
