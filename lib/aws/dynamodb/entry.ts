/** Log items as log entries, and the versions that objects and log items hold. */
import type { LogEntry, Selectable } from "../../storage/interface.ts";
import { attribute, type Layout, numberOf, stringOf } from "./layout.ts";
import type { Item, Table } from "./table.ts";
import { loadText } from "./text.ts";

/** An item of the log: an entry or a void. */
export interface Slot {
  readonly revision: number;
  readonly item: Item;
}

/** Whether a slot holds a change. */
export function isEntry({ item }: Slot): boolean {
  return item[attribute.type] === "log";
}

/** The object's key of an entry. */
export function slotKey({ item }: Slot): string {
  return stringOf(item, attribute.key);
}

/** Labels and fields that an item keeps of its version. */
export function selectableOf(item: Item): Selectable {
  return { labels: record(item, attribute.labels), fields: record(item, attribute.fields) };
}

/** The log entry of a slot; undefined where its text has been removed, so that it is history no more. */
export async function loadEntry(table: Table, layout: Layout, slot: Slot): Promise<LogEntry | undefined> {
  const { item, revision } = slot;
  const text = await loadText(table, layout, item);
  if (text === undefined) return undefined;
  const type = stringOf(item, attribute.change) as LogEntry["type"];
  const entry = { type, key: slotKey(slot), revision, text, ...selectableOf(item) };
  const previousRevision = numberOf(item, attribute.previousRevision);
  if (previousRevision === 0) return entry;
  const labels = record(item, attribute.previousLabels);
  const fields = record(item, attribute.previousFields);
  return { ...entry, previous: { revision: previousRevision, labels, fields } };
}

function record(item: Item, name: string): Record<string, string> {
  const text = stringOf(item, name);
  return text === "" ? {} : JSON.parse(text);
}

/** Labels or fields as an attribute: nothing for none. */
export function recordAttribute(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
  for (const _ in values) return { [name]: JSON.stringify(values) };
  return {};
}
