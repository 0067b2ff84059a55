/** What a change of a collection is to somebody who looks at a part of it. */
import { parseFieldSelector } from "../../apimachinery/fields.ts";
import { parseSelector } from "../../apimachinery/labels.ts";
import type { KubeObject } from "../../apimachinery/meta.ts";
import type { InformerQuery } from "../../client/informer.ts";
import type { Change } from "../controller.ts";

/**
 * The change as an informer with that query would tell it: an object that leaves the selection goes, one that enters it
 * appears. Undefined: the change is none of its business. Of fields, name and namespace can be selected; throws an
 * Error for others.
 */
export function selectedChange(change: Change, query: InformerQuery = {}): Change | undefined {
  const selects = selectorOf(query);
  const object = change.object !== undefined && selects(change.object) ? change.object : undefined;
  const old = change.old !== undefined && selects(change.old) ? change.old : undefined;
  if (object === undefined && old === undefined) return undefined;
  return { ...(object === undefined ? {} : { object }), ...(old === undefined ? {} : { old }) };
}

function selectorOf({ namespace, labelSelector, fieldSelector }: InformerQuery): (object: KubeObject) => boolean {
  const labels = labelSelector === undefined ? undefined : parseSelector(labelSelector);
  const fields = fieldSelector === undefined ? undefined : parseFieldSelector(fieldSelector);
  for (const { field } of fields?.requirements ?? []) {
    if (field !== "metadata.name" && field !== "metadata.namespace")
      throw new Error(`${field} is not selected by here`);
  }
  return ({ metadata }) => {
    if (namespace !== undefined && metadata.namespace !== namespace) return false;
    if (labels !== undefined && !labels.matches(metadata.labels ?? {})) return false;
    const known = { "metadata.name": metadata.name, "metadata.namespace": metadata.namespace ?? "" };
    return fields === undefined || fields.matches(known);
  };
}
