/** Entries of the store's log as changes of objects, with the version before. */
import { type KubeObject, parseApiVersion, type Resource } from "../../apimachinery/meta.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { LoggedChange } from "./change-mapper.ts";

/** An entry of the log, as far as it matters here. */
export interface LogRecord {
  readonly type: "created" | "updated" | "deleted";
  readonly revision: number;
  /** The object after the change; of a deletion the last state. */
  readonly text: string;
  readonly previous?: { readonly revision: number };
}

/** A collection of one cluster. */
export interface CollectionName {
  readonly group: string;
  readonly resource: string;
}

/** The text of an entry that is older than what was seen here; undefined where history is gone. */
export type PreviousText = (collection: CollectionName, revision: number) => Promise<string | undefined>;

/** So many texts are kept, none of them longer than that. */
const textLimit = 500;
const longestText = 32_768;

/** Makes changes of entries. Remembers the last ones: what a change replaces was mostly an entry a moment ago. */
export class ChangeLoader {
  readonly #previousText: PreviousText;
  readonly #seen = new BoundedMap<string, string>(textLimit);

  constructor(previousText: PreviousText) {
    this.#previousText = previousText;
  }

  /** Throws a SyntaxError or a TypeError where the entry holds no object; rejects where history can't be read. */
  async load(collection: CollectionName, record: LogRecord): Promise<LoggedChange> {
    const { type, revision, text, previous } = record;
    const object = parse(text);
    const change = { resource: resourceOf(collection, object), revision };
    if (text.length <= longestText) this.#seen.set(placeOf(collection, revision), text);
    if (type === "deleted") return { ...change, old: object };
    const before = previous === undefined ? undefined : await this.#before(collection, previous.revision);
    return { ...change, object, ...(before === undefined ? {} : { old: parse(before) }) };
  }

  async #before(collection: CollectionName, revision: number): Promise<string | undefined> {
    return this.#seen.get(placeOf(collection, revision)) ?? this.#previousText(collection, revision);
  }
}

function placeOf({ group, resource }: CollectionName, revision: number): string {
  return `${group}/${resource}@${revision}`;
}

function parse(text: string): KubeObject {
  const object = JSON.parse(text) as Partial<KubeObject> | null;
  if (typeof object?.metadata?.name !== "string") throw new TypeError("a log entry holds no object");
  return object as KubeObject;
}

/** The resource of an object, as the object itself says: also of kinds that are served no more. */
function resourceOf(
  { group, resource }: CollectionName,
  { apiVersion = "v1", kind = "", metadata }: KubeObject,
): Resource {
  const version = parseApiVersion(apiVersion)?.version ?? "v1";
  return { group, version, resource, kind, namespaced: metadata.namespace !== undefined };
}
