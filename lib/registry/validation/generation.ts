/** metadata.generation counts the changes of what is wanted. */
import { semanticEqual } from "../../apimachinery/equality.ts";
import type { ObjectMeta } from "../../apimachinery/meta.ts";

/** Whether two parts of an object mean the same. */
export const same = semanticEqual;

/** +1 where `changed`. Mutates `metadata`. */
export function countGeneration(metadata: Partial<ObjectMeta>, old: Partial<ObjectMeta>, changed: boolean): void {
  if (changed) metadata.generation = (old.generation ?? 0) + 1;
}
