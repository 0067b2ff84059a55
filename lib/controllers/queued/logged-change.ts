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

/** An entry of the log holds no object. The message says nothing of what it holds. */
export class UnreadableEntry extends Error {
  override name = "UnreadableEntry";
}

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

  /** Throws UnreadableEntry; rejects where history can't be read. */
  async load(collection: CollectionName, record: LogRecord): Promise<LoggedChange> {
    const { type, revision, text, previous } = record;
    const object = parse(text);
    const change = { resource: resourceOf(collection, object), revision };
    if (text.length <= longestText) this.#seen.set(placeOf(collection, revision), text);
    if (type === "deleted") return { ...change, old: object };
    const old = previous === undefined ? undefined : await this.#before(collection, previous.revision);
    return { ...change, object, ...(old === undefined ? {} : { old }) };
  }

  async #before(collection: CollectionName, revision: number): Promise<KubeObject | undefined> {
    const text = this.#seen.get(placeOf(collection, revision)) ?? (await this.#previousText(collection, revision));
    try {
      return text === undefined ? undefined : parse(text);
    } catch {
      // That entry was set aside when it came.
      return undefined;
    }
  }
}

function placeOf({ group, resource }: CollectionName, revision: number): string {
  return `${group}/${resource}@${revision}`;
}

function parse(text: string): KubeObject {
  try {
    const object = JSON.parse(text) as Partial<KubeObject> | null;
    if (typeof object?.metadata?.name === "string") return object as KubeObject;
  } catch {
    // The parser's own message quotes the text.
  }
  throw new UnreadableEntry("an entry of the log holds no object");
}

/** The resource of an object, as the object itself says: also of kinds that are served no more. */
function resourceOf(
  { group, resource }: CollectionName,
  { apiVersion = "v1", kind = "", metadata }: KubeObject,
): Resource {
  const version = parseApiVersion(apiVersion)?.version ?? "v1";
  return { group, version, resource, kind, namespaced: metadata.namespace !== undefined };
}
