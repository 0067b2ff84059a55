/** Records of the table's stream: which entry of which collection's log each one is. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Collection, LogEntry } from "../../storage/interface.ts";
import { loadEntry } from "../dynamodb/entry.ts";
import { itemOf } from "../dynamodb/expression.ts";
import { attribute, Layout, numberOf, stringOf } from "../dynamodb/layout.ts";
import type { Item, Table } from "../dynamodb/table.ts";

/** A value as Lambda hands it over: as JSON, bytes in base64. */
export interface StreamValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
}

/** A record. */
export interface StreamRecord {
  readonly eventID?: string;
  readonly eventName?: string;
  readonly eventSource?: string;
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    /** In seconds. */
    readonly ApproximateCreationDateTime?: number;
    readonly NewImage?: Readonly<Record<string, StreamValue>>;
  };
}

/** A batch of one shard's records, in order. */
export interface StreamEvent {
  readonly Records: readonly StreamRecord[];
}

/** An entry of a log, as the stream told it. */
export interface LogItem {
  readonly collection: Collection;
  readonly revision: number;
  readonly item: Item;
}

/** A record says nothing that could be read, however often it comes. The message holds nothing of its content. */
export class UnreadableRecord extends Error {
  override name = "UnreadableRecord";
}

/** The log entry of a record; undefined of what is none (voids, objects, counters). Throws UnreadableRecord. */
export function readLogRecord(record: StreamRecord): LogItem | undefined {
  const image = record.dynamodb?.NewImage;
  if (record.eventName !== "INSERT" || image === undefined) return undefined;
  if (image[attribute.type]?.S !== "log") return undefined;
  const item = itemOf(valuesOf(image));
  const collection = collectionOf(String(item.pk));
  const revision = numberOf(item, attribute.revision);
  if (collection === undefined || !(revision > 0) || stringOf(item, attribute.key) === "") {
    throw new UnreadableRecord("a record of the log lacks its place");
  }
  return { collection, revision, item };
}

/**
 * The entry with its text, which may be compressed or lie in chunks beside the item; undefined where the chunks are
 * gone: a newer entry has replaced it long ago. Throws UnreadableRecord; rejects with the table's errors.
 */
export async function loadLogItem(
  table: Table,
  { collection, revision, item }: LogItem,
): Promise<LogEntry | undefined> {
  try {
    return await loadEntry(table, new Layout(collection), { revision, item });
  } catch (error) {
    if (isUnreadable(error)) throw new UnreadableRecord("a record of the log has an unreadable text", { cause: error });
    throw error;
  }
}

/** What zlib and JSON throw, as opposed to the table. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof TypeError) return true;
  return /^Z(STD)?_/.test(String((error as { code?: unknown }).code));
}

/** `cluster/group/resource#log#3` → the collection. */
function collectionOf(pk: string): Collection | undefined {
  const [, cluster, group, resource] = /^([^/#]+)\/([^/#]*)\/([^/#]+)#log#\d+$/.exec(pk) ?? [];
  return cluster === undefined ? undefined : { cluster, group, resource };
}

function valuesOf(image: Readonly<Record<string, StreamValue>>): Record<string, AttributeValue> {
  const values: Record<string, AttributeValue> = {};
  for (const [name, { S, N, B }] of Object.entries(image)) {
    if (S !== undefined) values[name] = { S };
    else if (N !== undefined) values[name] = { N };
    else if (B !== undefined) values[name] = { B: Buffer.from(B, "base64") };
  }
  return values;
}
