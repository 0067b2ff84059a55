/**
 * What is due later than a queue can wait: `CLUSTER#due`, sorted by time. Who sweeps sends first and removes then, so
 * that a crash between both makes something come twice, and never not at all.
 */
import type { Item, ItemKey, Table } from "../dynamodb/table.ts";

/** Something that is due; what else it says is the caller's. */
export interface DueItem {
  readonly cluster: string;
  readonly controller: string;
  readonly key: string;
  /** When (ms). */
  readonly dueAt: number;
}

/** The due times of all clusters. Methods reject with the table's errors. */
export class DueTimesTable<T extends DueItem> {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** The same key of the same controller at the same time is one item. */
  async put(due: T): Promise<void> {
    await this.#table.write({ put: { ...keyOf(due), t: "due", d: JSON.stringify(due) } });
  }

  /** What is due at or before a time, in its order. What can't be read is removed: else it would be first for ever. */
  async due(cluster: string, until: number, limit: number, { eventually = false } = {}): Promise<readonly T[]> {
    const { items } = await this.#table.query({ pk: partition(cluster), to: timeKey(until + 1), limit, eventually });
    const found: T[] = [];
    for (const item of items) {
      const due = parse<T>(item);
      if (due === undefined) await this.#table.write({ remove: { pk: item.pk, sk: item.sk } });
      else found.push(due);
    }
    return found;
  }

  /** Fine where it is gone. */
  async remove(due: T): Promise<void> {
    await this.#table.write({ remove: keyOf(due) });
  }
}

const timeDigits = 15;

function partition(cluster: string): string {
  return `${cluster}#due`;
}

function timeKey(ms: number): string {
  return String(Math.floor(ms)).padStart(timeDigits, "0");
}

function keyOf({ cluster, controller, key, dueAt }: DueItem): ItemKey {
  return { pk: partition(cluster), sk: `${timeKey(dueAt)}#${controller}#${key}` };
}

function parse<T extends DueItem>({ sk, d }: Item): T | undefined {
  try {
    const due = JSON.parse(String(d)) as T;
    return keyOf(due).sk === sk ? due : undefined;
  } catch {
    return undefined;
  }
}
