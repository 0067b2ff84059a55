/** From a review's spec to what authorizers are asked (upstream: pkg/registry/authorization/util). */
import { escapeValue, parseFieldSelector } from "../../apimachinery/fields.ts";
import type { UserInfo } from "../../apimachinery/http.ts";
import { parseSelector } from "../../apimachinery/labels.ts";
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  NonResourceAttributes,
  ResourceAttributes,
} from "../../openapi/types/authorization-v1.ts";
import type { AccessAttributes } from "../strategy.ts";

/** What is asked, and which selectors could not be understood. */
export interface Question {
  readonly attributes: AccessAttributes;
  readonly problems: readonly string[];
}

/** A selector's text, as far as it could be understood, and whether some of it could not. */
interface SelectorText {
  readonly text?: string;
  readonly broken: boolean;
}

function parsed(text: string, parse: (text: string) => unknown): SelectorText {
  try {
    parse(text);
    return { text, broken: false };
  } catch {
    return { broken: true };
  }
}

function joined(all: readonly (string | undefined)[]): SelectorText {
  const texts = all.filter((text) => text !== undefined);
  return { text: texts.length === 0 ? undefined : texts.join(","), broken: texts.length < all.length };
}

function fieldSelectorText(selector: FieldSelectorAttributes | undefined): SelectorText {
  if (!selector) return { broken: false };
  if (selector.rawSelector) return parsed(selector.rawSelector, parseFieldSelector);
  const texts = (selector.requirements ?? []).map(({ key, operator, values = [] }) => {
    const sign = { In: "=", NotIn: "!=" }[operator];
    return sign && values.length === 1 ? `${key}${sign}${escapeValue(values[0])}` : undefined;
  });
  return joined(texts);
}

function labelSelectorText(selector: LabelSelectorAttributes | undefined): SelectorText {
  if (!selector) return { broken: false };
  if (selector.rawSelector) return parsed(selector.rawSelector, parseSelector);
  const texts = (selector.requirements ?? []).map(({ key, operator, values = [] }) => {
    const list = `(${values.join(",")})`;
    const forms = { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` };
    const text = (forms as Record<string, string>)[operator];
    return text === undefined ? undefined : parsed(text, parseSelector).text;
  });
  return joined(texts);
}

function problem(name: string, { text, broken }: SelectorText): string[] {
  if (!broken) return [];
  const part = text === undefined ? "ignored" : "partially ignored";
  return [`spec.resourceAttributes.${name} ${part} due to parse error`];
}

/** Exactly one of the two is set. */
export function question(
  user: UserInfo,
  resource: ResourceAttributes | undefined,
  nonResource: NonResourceAttributes | undefined,
): Question {
  const none = { namespace: "", group: "", version: "", resource: "", subresource: "", name: "" };
  if (!resource) {
    const { verb = "", path = "" } = nonResource ?? {};
    return { attributes: { user, verb, ...none, path }, problems: [] };
  }
  const fields = fieldSelectorText(resource.fieldSelector);
  const labels = labelSelectorText(resource.labelSelector);
  const { verb = "", namespace = "", group = "", version, subresource = "", name = "" } = resource;
  const attributes = {
    ...{ user, verb, namespace, group, version: version || "*", resource: resource.resource ?? "", subresource, name },
    fieldSelector: fields.text,
    labelSelector: labels.text,
  };
  return { attributes, problems: [...problem("fieldSelector", fields), ...problem("labelSelector", labels)] };
}
