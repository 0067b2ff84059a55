/** An object as the store takes it: text that is made once, with a place for the revision. */
import type { AnyObject } from "../apimachinery/meta.ts";
import type { Value } from "../storage/interface.ts";
import type { Endpoint } from "./endpoint.ts";

const mark = '"resourceVersion":"';

/**
 * The value of an object in canonical form. Its metadata comes first, with only names before the revision, and JSON
 * escapes quotes: so the first mark in the text is the place.
 */
export function storedValue({ strategy }: Endpoint, object: AnyObject): Value {
  const metadata = object.metadata;
  metadata.resourceVersion = "0";
  const text = JSON.stringify(object);
  const at = text.indexOf(mark) + mark.length;
  const [head, tail] = [text.slice(0, at), text.slice(at + 1)];
  return {
    text: (revision) => head + revision + tail,
    labels: metadata.labels ?? {},
    fields: strategy.selectableFields?.(object) ?? {},
    owners: metadata.ownerReferences?.map(({ uid }) => uid) ?? [],
  };
}
