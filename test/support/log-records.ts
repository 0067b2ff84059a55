/** Items of the table as Lambda hands them to the stream's consumer. */
import { itemAttributes } from "../../lib/aws/dynamodb/expression.ts";
import type { Item } from "../../lib/aws/dynamodb/table.ts";
import type { StreamRecord, StreamValue } from "../../lib/aws/stream/log-records.ts";

/** The record of an item that has been inserted. */
export function insertRecord(item: Item, sequenceNumber: string, atMs = 0): StreamRecord {
  const NewImage: Record<string, StreamValue> = {};
  for (const [name, { S, N, B }] of Object.entries(itemAttributes(item))) {
    if (S !== undefined) NewImage[name] = { S };
    else if (N !== undefined) NewImage[name] = { N };
    else if (B !== undefined) NewImage[name] = { B: Buffer.from(B).toString("base64") };
  }
  return {
    eventID: `event-${sequenceNumber}`,
    eventName: "INSERT",
    eventSource: "aws:dynamodb",
    dynamodb: { SequenceNumber: sequenceNumber, NewImage, ApproximateCreationDateTime: Math.floor(atMs / 1000) },
  };
}
