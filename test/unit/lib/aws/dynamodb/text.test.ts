import { describe, expect, test } from "vitest";
import { attribute, Layout } from "../../../../../lib/aws/dynamodb/layout.ts";
import type { Item, ItemKey, Table } from "../../../../../lib/aws/dynamodb/table.ts";
import { loadText, storeText } from "../../../../../lib/aws/dynamodb/text.ts";

const layout = new Layout({ cluster: "c", group: "", resource: "configmaps" });

/** Hexadecimal digits, which compress to half. */
function digits(length: number): string {
  let state = 7;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += (state >>> 4).toString(16);
  }
  return text.slice(0, length);
}

/** A table that holds some chunks. */
function tableWith(chunks: readonly Item[]): Table {
  const find = ({ pk, sk }: ItemKey) => chunks.filter((chunk) => chunk.pk === pk && chunk.sk === sk);
  return { getMany: async (keys: readonly ItemKey[]) => keys.flatMap(find).toReversed() } as Partial<Table> as Table;
}

describe("texts", () => {
  test.each([
    { name: "short: as it is", text: "{}", stored: "string", chunks: 0 },
    { name: "longer: compressed", text: JSON.stringify({ a: "x".repeat(1000) }), stored: "object", chunks: 0 },
    { name: "large, but not once compressed", text: "ü€😀".repeat(150_000), stored: "object", chunks: 0 },
    { name: "large: in chunks", text: digits(1_500_000), stored: "undefined", chunks: 3 },
  ])("$name", async ({ text, stored, chunks }) => {
    const { attributes, chunks: puts } = storeText(layout, 7, text);
    expect(typeof attributes[attribute.text]).toBe(stored);
    expect(puts).toHaveLength(chunks);
    const item: Item = { ...layout.object("x"), [attribute.revision]: 7, ...attributes };
    const table = tableWith(puts.map(({ put }) => put));
    expect((await loadText(table, layout, item)) === text).toBe(true);
  });

  test("a chunk that was removed: undefined", async () => {
    const { attributes, chunks } = storeText(layout, 7, digits(1_500_000));
    const item: Item = { ...layout.object("x"), [attribute.revision]: 7, ...attributes };
    expect(await loadText(tableWith(chunks.slice(1).map(({ put }) => put)), layout, item)).toBeUndefined();
  });
});
