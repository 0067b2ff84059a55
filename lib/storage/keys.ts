/** Keys: `namespace/name`, in the byte order of their UTF-8. */
import type { Collection } from "./interface.ts";

/** The largest text of an object in bytes of UTF-8: what upstream's etcd takes in one request. */
export const maxTextBytes = 1_572_864;

/** A collection as one string, for maps. */
export function collectionId({ cluster, group, resource }: Collection): string {
  return `${cluster}\0${group}\0${resource}`;
}

/** Above every key that begins with the prefix. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

const surrogate = /[\ud800-\udfff]/;

/** Negative, 0 or positive, by the bytes of UTF-8. JavaScript's own order is another only where surrogates are. */
export function compareKeys(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a text is larger than a store takes; measures only what comes near the limit. */
export function isTooLarge(text: string): boolean {
  if (text.length * 3 <= maxTextBytes) return false;
  return text.length > maxTextBytes || Buffer.byteLength(text) > maxTextBytes;
}
