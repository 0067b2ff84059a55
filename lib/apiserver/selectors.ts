/** The selectors of a list, watch or deletecollection as one matcher over what is kept beside the texts. */
import { newBadRequest } from "../apimachinery/errors.ts";
import { type FieldSelector, parseFieldSelector } from "../apimachinery/fields.ts";
import { everything, parseSelector, type Selector } from "../apimachinery/labels.ts";
import { splitKey } from "../apimachinery/meta.ts";
import type { ResourceInfo } from "../openapi/resources.ts";
import type { Matcher } from "../storage/interface.ts";
import { unknownFieldLabel } from "./field-labels.ts";

/** Parsed selectors. */
export interface Selectors {
  readonly labels: Selector;
  readonly fields: FieldSelector;
  /** Absent: everything matches. */
  readonly matches?: Matcher;
}

/** Throws 400 with upstream's texts for malformed selectors and unknown fields. */
export function parseSelectors(query: URLSearchParams, info: ResourceInfo): Selectors {
  let labels = everything;
  const labelText = query.get("labelSelector") ?? "";
  const fieldText = query.get("fieldSelector") ?? "";
  let fields: FieldSelector;
  try {
    if (labelText !== "") labels = parseSelector(labelText);
    fields = parseFieldSelector(fieldText);
  } catch (error) {
    throw newBadRequest((error as Error).message);
  }
  for (const { field } of fields.requirements) {
    if (!info.fieldLabels.includes(field)) throw newBadRequest(unknownFieldLabel(info, field));
  }
  return withMatcher(labels, fields);
}

function withMatcher(labels: Selector, fields: FieldSelector): Selectors {
  if (labels.empty && fields.empty) return { labels, fields };
  const matches: Matcher = (key, object) => {
    if (!labels.matches(object.labels)) return false;
    return fields.requirements.every(({ field, operator, value }) => {
      return (fieldOf(key, object.fields, field) === value) === (operator === "=");
    });
  };
  return { labels, fields, matches };
}

function fieldOf(key: string, fields: Readonly<Record<string, string>>, field: string): string {
  if (field === "metadata.name") return splitKey(key).name;
  if (field === "metadata.namespace") return splitKey(key).namespace;
  return fields[field] ?? "";
}
