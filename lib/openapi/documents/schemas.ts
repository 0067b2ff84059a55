/** Definitions as OpenAPI schemas, v2 and v3. */
import { apiVersionOf, parseApiVersion } from "../../apimachinery/meta.ts";
import { type Definition, definition, type Field } from "../schema.ts";
import { descriptionsOf } from "./descriptions.ts";
import { fullName } from "./names.ts";

/** The two forms of documents. Defaults and alternatives (oneOf) are in v3 only. */
export type Form = "v2" | "v3";

/** A JSON schema as documents have it. */
export type JsonSchema = Record<string, unknown>;

/** Where a reference to a definition points. */
export function reference(form: Form, name: string): JsonSchema {
  return { $ref: `${form === "v2" ? "#/definitions/" : "#/components/schemas/"}${fullName(name)}` };
}

/** The definitions that a type refers to: itself, or what its items or values are. */
export function referenced(type: string): string | undefined {
  const inner = type.replace(/^(?:\[\]|\{\})+/, "");
  return /^[A-Z]/.test(inner) || inner.includes(".") ? inner : undefined;
}

const isReference = (type: string) => referenced(type) === type;

/** The schema of a type. `inner`: default and enum of its items or values. */
function typeSchema(form: Form, type: string, inner: { d?: unknown; e?: readonly string[] }): JsonSchema {
  if (type.startsWith("[]")) return { type: "array", items: itemSchema(form, type.slice(2), inner) };
  if (type.startsWith("{}")) return { type: "object", additionalProperties: itemSchema(form, type.slice(2), inner) };
  if (type === "any") return {};
  const [scalar, format] = type.split(":");
  return format === undefined ? { type: scalar } : { type: scalar, format };
}

function itemSchema(form: Form, type: string, { d, e }: { d?: unknown; e?: readonly string[] }): JsonSchema {
  const nested = type.startsWith("[]") || type.startsWith("{}");
  const values = { ...(form === "v3" && d !== undefined && { default: d }), ...(e && { enum: e }) };
  if (nested) return typeSchema(form, type, { d: d ?? (type.endsWith("]string") ? "" : undefined), e });
  if (!isReference(type)) return { ...typeSchema(form, type, {}), ...values };
  const to = reference(form, type);
  return Object.keys(values).length === 0 ? to : { ...values, allOf: [to] };
}

/** Fields that upstream has no comment on: it shows in how their references are written. */
function isUndocumented(name: string, field: string): boolean {
  if (name === "apiextensions.v1.JSONSchemaProps") return field !== "default";
  return name === "networking.v1.IngressRule" && field === "http";
}

function fieldSchema(form: Form, field: Field, description: string | undefined, documented: boolean): JsonSchema {
  const schema: JsonSchema = {};
  // Where the field holds one object, the installed models may show the type's text in place of the field's.
  if (description !== undefined && !description.startsWith(`${field.t} is `)) schema.description = description;
  if (isReference(field.t)) {
    const to = reference(form, field.t);
    if (form === "v2") Object.assign(schema, to);
    else {
      if (field.d !== undefined) schema.default = field.d;
      if (documented || field.d !== undefined) schema.allOf = [to];
      else Object.assign(schema, to);
    }
  } else {
    Object.assign(schema, typeSchema(form, field.t, { d: field.id, e: field.ie }));
    if (form === "v3" && field.d !== undefined) schema.default = field.d;
  }
  if (field.e) schema.enum = field.e;
  if (field.lt) schema["x-kubernetes-list-type"] = field.lt;
  if (field.lk) schema["x-kubernetes-list-map-keys"] = field.lk;
  if (field.mt) schema["x-kubernetes-map-type"] = field.mt;
  if (field.pk) schema["x-kubernetes-patch-merge-key"] = field.pk;
  if (field.ps) schema["x-kubernetes-patch-strategy"] = field.ps;
  return schema;
}

function kinds(facts: Definition, groupVersion: string | undefined): JsonSchema[] | undefined {
  const all = facts.gvk ?? [];
  // What many groups share (DeleteOptions, say) is shown with the document's own and the core's version.
  const shown =
    groupVersion === undefined || all.length <= 2
      ? all
      : all.filter((id) => [groupVersion, "v1"].includes(id.slice(0, id.lastIndexOf("/"))));
  if (shown.length === 0) return undefined;
  return shown.map((id) => {
    const slash = id.lastIndexOf("/");
    const { group, version } = parseApiVersion(id.slice(0, slash)) ?? { group: "", version: id.slice(0, slash) };
    return { group, kind: id.slice(slash + 1), version };
  });
}

/** The schema of a definition. `groupVersion`: the one whose document it stands in, absent in the document of all. */
export function definitionSchema(
  form: Form,
  name: string,
  groupVersion?: { group: string; version: string },
): JsonSchema {
  const facts = definition(name);
  const descriptions = descriptionsOf(name);
  const schema: JsonSchema = {};
  if (descriptions.own !== undefined) schema.description = descriptions.own;
  if (facts.oneOf && form === "v3") {
    if (facts.t?.includes(":")) schema.format = facts.t.split(":")[1];
    schema.oneOf = facts.oneOf.map((type) => ({ type }));
  } else if (facts.t) Object.assign(schema, typeSchema(form, facts.t, {}));
  else if (facts.f) schema.type = "object";
  const fields = Object.entries(facts.f ?? {});
  const required = fields.filter(([, { r }]) => r).map(([field]) => field);
  if (required.length > 0) schema.required = required;
  if (fields.length > 0) {
    const properties = fields.map(([field, of]) => [
      field,
      fieldSchema(form, of, descriptions.fields.get(field), !isUndocumented(name, field)),
    ]);
    schema.properties = Object.fromEntries(properties);
  }
  const gvk = kinds(facts, groupVersion && apiVersionOf(groupVersion));
  if (gvk) schema["x-kubernetes-group-version-kind"] = gvk;
  if (facts.mt) schema["x-kubernetes-map-type"] = facts.mt;
  if (facts.un) schema["x-kubernetes-unions"] = facts.un;
  return schema;
}

/** All definitions that the given ones need, themselves included. */
export function withDependencies(names: Iterable<string>): Set<string> {
  const all = new Set(names);
  for (const name of all) {
    for (const { t } of Object.values(definition(name).f ?? {})) {
      const needed = referenced(t);
      if (needed !== undefined) all.add(needed);
    }
  }
  return all;
}
