/** The text of a version in items: compressed where that helps, in chunks where it is too large for one item. */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { attribute, type Layout, numberOf } from "./layout.ts";
import type { Attribute, Item, Put, Table } from "./table.ts";

/** An item holds 400 KB, this leaves room for its other attributes. */
const maxInlineBytes = 350_000;

/** Shorter texts don't get smaller. */
const minCompressed = 256;

/** A text ready to be stored: either in the item's own attribute, or as chunk items beside it. */
export interface StoredText {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly chunks: readonly Put[];
}

/** Prepares the text of a revision. */
export function storeText(layout: Layout, revision: number, text: string): StoredText {
  if (text.length < minCompressed) return { attributes: { [attribute.text]: text }, chunks: [] };
  const bytes = zstdCompressSync(text);
  if (bytes.length <= maxInlineBytes) return { attributes: { [attribute.text]: bytes }, chunks: [] };
  const chunks: Put[] = [];
  for (let from = 0; from < bytes.length; from += maxInlineBytes) {
    const part = bytes.subarray(from, from + maxInlineBytes);
    const key = layout.chunk(revision, chunks.length);
    chunks.push({ put: { ...key, [attribute.type]: "chunk", [attribute.text]: part } });
  }
  return { attributes: { [attribute.chunks]: chunks.length }, chunks };
}

/** The text of an object or log item; undefined where a chunk has been removed since the item was read. */
export async function loadText(table: Table, layout: Layout, item: Item): Promise<string | undefined> {
  const stored = item[attribute.text];
  if (stored !== undefined) return decode(stored);
  const revision = numberOf(item, attribute.revision);
  const keys = Array.from({ length: numberOf(item, attribute.chunks) }, (_, part) => layout.chunk(revision, part));
  const parts = new Map((await table.getMany(keys)).map((chunk) => [chunk.sk, chunk[attribute.text]]));
  if (keys.length === 0 || parts.size < keys.length) return undefined;
  return decode(Buffer.concat(keys.map(({ sk }) => parts.get(sk) as Uint8Array)));
}

function decode(stored: Attribute): string {
  return typeof stored === "object" ? zstdDecompressSync(stored).toString() : String(stored);
}
