/** Joins what the schema and the Go structs say of each definition, one file a group, one definition a line. */
import type { DiscoveryFile, MessageField, Messages, SchemaDefinition, SchemaFile } from "./input.ts";
import { messageName } from "./names.ts";

/** The message of a definition's short name, or undefined (Quantity, Time and the like have none). */
function messageOf(messages: Messages, name: string) {
  const full = messageName(messages, name);
  return full === undefined ? undefined : messages[full];
}

/** The fields of a struct in Go's order, inlined structs spliced in where they stand. */
function goFields(messages: Messages, message: { f?: Record<string, MessageField> }): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, , type, , json, flags] of Object.values(message.f ?? {})) {
    if (json === null && flags.includes("i") && messages[type]) {
      for (const [name, inner] of goFields(messages, messages[type])) fields.set(name, inner);
    } else if (json !== null) fields.set(json, flags);
  }
  return fields;
}

/** A definition's facts: its schema's, the fields in Go's order, each with the flags of its JSON tag as `g`. */
function merge(definition: SchemaDefinition, messages: Messages, name: string): SchemaDefinition {
  const message = messageOf(messages, name);
  if (!definition.f || !message) return definition;
  const order = goFields(messages, message);
  const names = [...Object.keys(definition.f)].sort((a, b) => rank(order, a) - rank(order, b));
  const f: NonNullable<SchemaDefinition["f"]> = {};
  for (const field of names) {
    const flags = order.get(field) ?? "o";
    f[field] = { ...definition.f[field], ...(flags === "" ? {} : { g: flags }) };
  }
  return { ...definition, f };
}

/** kind and apiVersion come first: they are no fields of the message. */
function rank(order: Map<string, string>, field: string): number {
  if (field === "kind" && !order.has(field)) return -2;
  if (field === "apiVersion" && !order.has(field)) return -1;
  return [...order.keys()].indexOf(field);
}

/** The file that holds a definition: its group's. */
export function groupOf(name: string): string {
  return name.includes(".") ? name.slice(0, name.indexOf(".")) : "meta";
}

const lines = (entries: [string, unknown][]) =>
  `{\n${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",\n")}\n}\n`;

/** All fact files by name: `<group>.json`, and `api-discovery.json`, `columns.json`, `selectors.json`. */
export function factsFiles(
  schema: SchemaFile,
  messages: Messages,
  discovery: DiscoveryFile,
  columns: Record<string, unknown>,
  selectors: { accepted: Record<string, unknown> },
): Map<string, string> {
  const groups = new Map<string, [string, unknown][]>();
  for (const [name, definition] of Object.entries(schema.definitions)) {
    const group = groupOf(name);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group)?.push([name, merge(definition, messages, name)]);
  }
  const files = new Map<string, string>();
  for (const [group, definitions] of groups) files.set(`${group}.json`, lines(definitions));
  files.set("api-discovery.json", lines(Object.entries(discovery)));
  files.set("columns.json", lines(Object.entries(columns)));
  files.set("selectors.json", lines(Object.entries(selectors.accepted)));
  return files;
}
