/**
 * What the store needs of DynamoDB: single items, ordered partitions, conditions, transactions. Two implementations:
 * the AWS SDK (`sdk-table.ts`) and the simulation's, so that the simulation runs the store's own algorithm.
 */

/** Text, number (an integer below 2^53) or bytes. */
export type Attribute = string | number | Uint8Array;

/** Partition and sort key. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** An item with its key. */
export type Item = ItemKey & { readonly [name: string]: Attribute };

/** One comparison with the item that is there; a comparison of a missing attribute is false. */
export type Clause =
  | { readonly absent: string }
  | { readonly exists: string }
  | { readonly attribute: string; readonly is: "=" | "<" | "<="; readonly than: string | number };

/** Holds if all clauses of any alternative hold. */
export type Condition = readonly (readonly Clause[])[];

/** Replaces the whole item. */
export interface Put {
  readonly put: Item;
  readonly when?: Condition;
}

/** Removes the item; fine where there is none. */
export interface Remove {
  readonly remove: ItemKey;
  readonly when?: Condition;
}

/** Changes attributes of an item, which it makes if there is none. */
export interface Update {
  readonly update: ItemKey;
  readonly set?: Readonly<Record<string, Attribute>>;
  /** Set only where the attribute is not there yet. */
  readonly setOnce?: Readonly<Record<string, Attribute>>;
  readonly add?: Readonly<Record<string, number>>;
  readonly when?: Condition;
}

/** One changed item. */
export type Write = Put | Remove | Update;

/** A part of a partition, in the byte order of sort keys. */
export interface Query {
  readonly pk: string;
  /** Only sort keys after this one. */
  readonly after?: string;
  /** Only sort keys that begin with this. */
  readonly prefix?: string;
  /** Only sort keys up to and with this one; not together with `prefix`. */
  readonly to?: string;
  readonly limit?: number;
  /** As `ReadOptions.eventually`. */
  readonly eventually?: boolean;
}

/** How a read may be cheaper. */
export interface ReadOptions {
  /** What was written a moment before may not be seen yet: half the price. @default false */
  readonly eventually?: boolean;
}

/** A page of a query; `more` says whether to ask again after the last item. */
export interface QueryPage {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/**
 * A table. Every read is consistent that does not say otherwise. Methods throw ConditionFailed, TableBusy,
 * OutcomeUnknown, TableUnusable.
 */
export interface Table {
  get(key: ItemKey): Promise<Item | undefined>;
  /** Those of the items that are there, in any order. */
  getMany(keys: readonly ItemKey[], options?: ReadOptions): Promise<readonly Item[]>;
  query(query: Query): Promise<QueryPage>;
  /** How many items of the query satisfy the clauses. */
  count(query: Query, clauses: readonly Clause[]): Promise<number>;
  /** One write; of an Update it returns the item as it is then. */
  write(write: Write): Promise<Item | undefined>;
  /** All or nothing, at most 100 items. */
  transact(writes: readonly Write[]): Promise<void>;
  close(): void;
}

/** A condition did not hold; nothing was written. */
export class ConditionFailed extends Error {
  override name = "ConditionFailed";
}

/** Throttled, or another transaction holds an item; nothing was written. Try again a little later. */
export class TableBusy extends Error {
  override name = "TableBusy";
}

/** No answer in time, or an error that says nothing about the outcome: it may have been written, or still be. */
export class OutcomeUnknown extends Error {
  override name = "OutcomeUnknown";
}

/** No table, no permission, no credentials: trying again does not help. */
export class TableUnusable extends Error {
  override name = "TableUnusable";
}

/** The key that a write is about. */
export function keyOf(write: Write): ItemKey {
  return "put" in write ? write.put : "remove" in write ? write.remove : write.update;
}
