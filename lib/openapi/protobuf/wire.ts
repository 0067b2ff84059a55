/** The wire facts: field numbers and types of messages, read lazily a line at a time. */
import { factsText } from "../schema.ts";

/** Name in JSON ("": its fields belong to its owner), how often, type. */
export interface WireField {
  readonly json: string;
  readonly card: "o" | "r" | "m";
  readonly type: string;
}

/** A message's fields by number. */
export type WireMessage = ReadonlyMap<number, WireField>;

const files = new Map<string, Map<string, string>>();
const messages = new Map<string, WireMessage>();

function linesOf(group: string): Map<string, string> {
  const known = files.get(group);
  if (known) return known;
  const lines = new Map<string, string>();
  for (const line of factsText(`protobuf/${group}.json`).split("\n")) {
    const end = line.indexOf('":');
    if (end > 0) lines.set(line.slice(1, end), line.slice(end + 2).replace(/,$/, ""));
  }
  files.set(group, lines);
  return lines;
}

/** A message by its short name (`core.v1.Pod`). Throws where there is none. */
export function wireMessage(name: string): WireMessage {
  const known = messages.get(name);
  if (known) return known;
  const line = linesOf(name.split(".")[0]).get(name);
  if (line === undefined) throw new Error(`no message ${name}`);
  const fields = JSON.parse(line) as [number, string, WireField["card"], string][];
  const message = new Map(fields.map(([number, json, card, type]) => [number, { json, card, type }]));
  messages.set(name, message);
  return message;
}
