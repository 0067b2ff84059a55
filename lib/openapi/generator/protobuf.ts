/** The wire format of the served kinds: field numbers and types, one file a group, one message a line. */
import type { MessageField, Messages, SchemaFile } from "./input.ts";
import { messageName, shortName } from "./names.ts";

/** Number, JSON name ("": the message's fields belong to its owner), `o`ne, `r`epeated or `m`ap, type. */
type WireField = [number, string, "o" | "r" | "m", string];

/** Messages whose Go code reads them in ways of its own. */
const special = new Set(["Quantity", "Time", "MicroTime", "IntOrString", "RawExtension", "meta.v1.FieldsV1"]);

/** Lists of strings that have a message of their own. */
const isStringList = (message: { go?: string }) => message.go === "[]string";

const cards: Record<string, WireField[2]> = { opt: "o", rep: "r", map: "m" };

function wireField(messages: Messages, [number, card, type, , json, flags]: MessageField): WireField {
  const inline = json === null && flags.includes("i");
  return [number, inline ? "" : (json ?? ""), cards[card], wireType(messages, type)];
}

function wireType(messages: Messages, type: string): string {
  const value = type.startsWith("string>") ? type.slice("string>".length) : type;
  const message = messages[value] as { go?: string } | undefined;
  if (message && isStringList(message)) return "[]string";
  return shortName(value);
}

/** All wire files by name, `<group>.json`: the definitions' messages and those inlined into them. */
export function wireFiles(schema: SchemaFile, messages: Messages): Map<string, string> {
  const groups = new Map<string, string[]>();
  const seen = new Set<string>();
  const queue = Object.keys(schema.definitions);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name) || special.has(name)) continue;
    seen.add(name);
    const full = messageName(messages, name);
    if (!full) continue;
    const fields = Object.values(messages[full].f ?? {}).map((field) => wireField(messages, field));
    queue.push(...fields.map(([, , , type]) => type).filter((type) => type.includes(".")));
    const group = name.split(".")[0];
    groups.set(group, [...(groups.get(group) ?? []), `${JSON.stringify(name)}:${JSON.stringify(fields)}`]);
  }
  return new Map([...groups].map(([group, lines]) => [`${group}.json`, `{\n${lines.sort().join(",\n")}\n}\n`]));
}
