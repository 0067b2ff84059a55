/**
 * How far slow periodic work has come, so that a new process does not begin it again: one small item a cluster,
 * compressed, since what it says is much the same again and again.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Attribute, Table } from "../dynamodb/table.ts";

/** Numbers by name. */
export type Positions = Readonly<Record<string, number>>;

/** One cluster's progress. Methods reject with the table's errors. */
export class Progress {
  readonly #table: Table;
  readonly #key: { readonly pk: string; readonly sk: string };

  /** `name` is the work's. */
  constructor(table: Table, cluster: string, name: string) {
    this.#table = table;
    this.#key = { pk: `${cluster}#progress`, sk: name };
  }

  /** Empty where nothing is known, or where it can't be read: then the work begins again. */
  async load(): Promise<Positions> {
    const item = await this.#table.get(this.#key);
    try {
      const positions: unknown = JSON.parse(textOf(item?.d));
      return typeof positions === "object" && positions !== null ? (positions as Positions) : {};
    } catch {
      return {};
    }
  }

  async save(positions: Positions): Promise<void> {
    await this.#table.write({ put: { ...this.#key, t: "progress", d: zstdCompressSync(JSON.stringify(positions)) } });
  }
}

/** Earlier releases wrote it as it is. */
function textOf(stored: Attribute = "{}"): string {
  return typeof stored === "object" ? zstdDecompressSync(stored).toString() : String(stored);
}
