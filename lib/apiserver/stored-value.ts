/** An object as the store takes it: text that is made once, with a place for the revision. */
import type { AnyObject } from "../apimachinery/meta.ts";
import type { Value } from "../storage/interface.ts";
import type { Endpoint } from "./endpoint.ts";

const metadataMark = '"metadata":{';
const mark = '"resourceVersion":"';

/** How long the text of an object is before one of its keys, up to the comma that may stand there. */
function lengthBefore(object: object, key: string): number {
  // Without a prototype, so that no name is special.
  const entries: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(object)) {
    if (name === key) break;
    entries[name] = value;
  }
  return JSON.stringify(entries).length - 1;
}

/** Where the revision stands in the text: users' keys may have the same name, so only its own place counts. */
function revisionPlace(text: string, object: AnyObject): number {
  const metadata = text.indexOf(metadataMark, lengthBefore(object, "metadata")) + metadataMark.length - 1;
  return text.indexOf(mark, metadata + lengthBefore(object.metadata, "resourceVersion")) + mark.length;
}

/** The value of an object in canonical form. */
export function storedValue({ strategy }: Endpoint, object: AnyObject): Value {
  const metadata = object.metadata;
  metadata.resourceVersion = "0";
  const text = JSON.stringify(object);
  const at = revisionPlace(text, object);
  const [head, tail] = [text.slice(0, at), text.slice(at + 1)];
  return {
    text: (revision) => head + revision + tail,
    labels: metadata.labels ?? {},
    fields: strategy.selectableFields?.(object) ?? {},
    owners: metadata.ownerReferences?.map(({ uid }) => uid) ?? [],
  };
}
