/**
 * Keys and attributes of the table. `C` is cluster/group/resource:
 *
 *     object    C            key         one per object; deleted, it is a tombstone for a while
 *     log       C#log#b      revision    b = revision mod the collection's number of partitions; also voids
 *     chunk     C#chunk#r    part        the text of revision r where it is too large for one item
 *     counter   C#rev        -           last ticket, stable, compacted
 *     owner     cluster#owner#uid        group/resource#key
 *     collection cluster#collections     group/resource
 */
import type { Collection } from "../../storage/interface.ts";
import type { Item, ItemKey } from "./table.ts";

/** Attribute names. Short, since each is paid for with every item. */
export const attribute = {
  /** object, log, void, chunk, counter, owner, collection: what a stream's consumer filters by. */
  type: "t",
  revision: "r",
  /** 1 on an object that was deleted. */
  dead: "dead",
  /** When the tombstone was made, in ms. */
  deadAt: "at",
  /** The text, compressed (bytes) or not (string); absent if it is in chunks. */
  text: "d",
  /** The number of chunks. */
  chunks: "n",
  labels: "l",
  fields: "f",
  /** Uids, separated by spaces. */
  owners: "o",
  /** Of a log entry: the object's key. */
  key: "k",
  /** Of a log entry: created, updated or deleted. */
  change: "c",
  previousRevision: "pr",
  previousLabels: "pl",
  previousFields: "pf",
  /** Who wrote this log entry or void: one attempt of one writer. */
  writer: "w",
  /** When DynamoDB may remove the item, in seconds (the table's TTL attribute). */
  expires: "x",
} as const;

/** Attributes of the counter item. */
export const counterAttribute = {
  ticket: "rev",
  stable: "stable",
  compacted: "compacted",
  partitions: "b",
  /** 1 once the collection is in its cluster's list. */
  listed: "listed",
  /** When the last ticket was taken, in ms. */
  ticketAt: "at",
  /** A settled revision and when it was noted: what is compacted when the note is old enough. */
  noteRevision: "note",
  noteAt: "noteAt",
} as const;

const revisionDigits = 16;

/** What DynamoDB takes as keys, in bytes. */
const maxPartitionBytes = 2048;
const maxSortBytes = 1024;

/** Whether DynamoDB could hold an item of the key; it refuses to look for others, too. */
export function canBe({ pk, sk }: ItemKey): boolean {
  return Buffer.byteLength(pk) <= maxPartitionBytes && Buffer.byteLength(sk) <= maxSortBytes;
}

/** A revision as a sort key. */
export function revisionKey(revision: number): string {
  return String(revision).padStart(revisionDigits, "0");
}

/** The keys of one collection's items. */
export class Layout {
  readonly collection: Collection;
  /** The partition of the objects. */
  readonly objects: string;
  private readonly groupResource: string;

  constructor(collection: Collection) {
    this.collection = collection;
    this.groupResource = `${collection.group}/${collection.resource}`;
    this.objects = `${collection.cluster}/${this.groupResource}`;
  }

  object(key: string): ItemKey {
    return { pk: this.objects, sk: key };
  }

  counter(): ItemKey {
    return { pk: `${this.objects}#rev`, sk: "-" };
  }

  logPartition(partition: number): string {
    return `${this.objects}#log#${partition}`;
  }

  log(revision: number, partitions: number): ItemKey {
    return { pk: this.logPartition(revision % partitions), sk: revisionKey(revision) };
  }

  chunk(revision: number, part: number): ItemKey {
    return { pk: `${this.objects}#chunk#${revisionKey(revision)}`, sk: String(part) };
  }

  owner(uid: string, key: string): ItemKey {
    return { pk: ownerPartition(this.collection.cluster, uid), sk: `${this.groupResource}#${key}` };
  }

  /** The collection's item in the cluster's list. */
  listed(): ItemKey {
    return { pk: collectionsPartition(this.collection.cluster), sk: this.groupResource };
  }
}

/** Where the objects that name an owner are listed. */
export function ownerPartition(cluster: string, uid: string): string {
  return `${cluster}#owner#${uid}`;
}

/** Where a cluster's collections are listed. */
export function collectionsPartition(cluster: string): string {
  return `${cluster}#collections`;
}

/** The collection and the object's key of an owner item, or the collection of an item of the cluster's list. */
export function parseSortKey(cluster: string, sk: string): { collection: Collection; key: string } {
  const hash = sk.indexOf("#");
  const groupResource = hash < 0 ? sk : sk.slice(0, hash);
  const slash = groupResource.indexOf("/");
  const collection = { cluster, group: groupResource.slice(0, slash), resource: groupResource.slice(slash + 1) };
  return { collection, key: hash < 0 ? "" : sk.slice(hash + 1) };
}

/** A numeric attribute; 0 where it is missing. */
export function numberOf(item: Item | undefined, name: string): number {
  const value = item?.[name];
  return typeof value === "number" ? value : 0;
}

/** A text attribute; empty where it is missing. */
export function stringOf(item: Item | undefined, name: string): string {
  const value = item?.[name];
  return typeof value === "string" ? value : "";
}
