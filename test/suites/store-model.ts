/** What the store suite compares with: values, a model that remembers every state, and a watch that collects. */
import type { Collection, LogEntry, Store, StoredObject, Value } from "../../lib/storage/interface.ts";
import { compareKeys } from "../../lib/storage/keys.ts";

/** A small object with a payload, labels, fields and owners. */
export function value(payload: string, more: Partial<Omit<Value, "text">> = {}): Value {
  return { text: (revision) => textOf(payload, revision), labels: {}, fields: {}, owners: [], ...more };
}

/** The text that `value(payload)` has at a revision. */
export function textOf(payload: string, revision: number): string {
  return `{"metadata":{"resourceVersion":"${revision}"},"data":${JSON.stringify(payload)}}`;
}

/** The payload of a text. */
export function payloadOf(object: { text: string } | undefined): string | undefined {
  return object === undefined ? undefined : JSON.parse(object.text).data;
}

/** What must be there, in a test. */
export function there<T>(found: T | undefined): T {
  if (found === undefined) throw new Error("it is not there");
  return found;
}

/** Every state that a collection went through, by the revision that made it. */
export class Model {
  readonly states: { revision: number; objects: ReadonlyMap<string, StoredObject> }[] = [
    { revision: 0, objects: new Map() },
  ];

  get newest(): ReadonlyMap<string, StoredObject> {
    return this.states.at(-1)?.objects ?? new Map();
  }

  put(key: string, revision: number, payload: string): void {
    const objects = new Map(this.newest).set(key, { key, revision, text: textOf(payload, revision) });
    this.states.push({ revision, objects });
  }

  remove(key: string, revision: number): void {
    const objects = new Map(this.newest);
    objects.delete(key);
    this.states.push({ revision, objects });
  }

  /** The items of the state at a revision, in key order. */
  at(revision: number, prefix = ""): StoredObject[] {
    const state = this.states.findLast((one) => one.revision <= revision);
    const objects = [...(state?.objects.values() ?? [])].filter(({ key }) => key.startsWith(prefix));
    return objects.sort((a, b) => compareKeys(a.key, b.key));
  }
}

/** The same items whatever class their rows have, and without what a driver keeps beside them. */
export function plain(items: readonly StoredObject[]): StoredObject[] {
  return items.map(({ key, revision, text }) => ({ key, revision, text }));
}

/** All items of a list read in pages of `limit`, all at the revision of the first. */
export async function listPages(
  store: Store,
  collection: Collection,
  limit: number,
  between: (page: number) => Promise<void> = async () => {},
  more: { prefix?: string; revision?: number } = {},
): Promise<{ revision: number; items: StoredObject[]; remaining: (number | undefined)[] }> {
  const first = await store.list(collection, { limit, ...more });
  const items = [...first.items];
  const remaining = [first.remaining];
  for (let page = first, n = 1; page.next !== undefined; n++) {
    await between(n);
    page = await store.list(collection, { ...more, limit, after: page.next, revision: first.revision });
    items.push(...page.items);
    remaining.push(page.remaining);
  }
  return { revision: first.revision, items: plain(items), remaining };
}

/** A watch that collects what it is given, until it is stopped. */
export class Collector {
  readonly entries: LogEntry[] = [];
  readonly ended: Promise<void>;
  revision = 0;
  error: unknown;
  private readonly controller = new AbortController();
  private waiting: (() => void)[] = [];

  constructor(store: Store, collection: Collection, after: number, prefix?: string) {
    const options = { after, signal: this.controller.signal, ...(prefix === undefined ? {} : { prefix }) };
    this.ended = this.run(store.watch(collection, options));
  }

  /** Resolves once the watch has read so far. */
  async reached(revision: number): Promise<void> {
    while (this.revision < revision && this.error === undefined) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    if (this.error !== undefined) throw this.error;
  }

  async stop(): Promise<void> {
    this.controller.abort();
    await this.ended;
  }

  private async run(batches: ReturnType<Store["watch"]>): Promise<void> {
    try {
      for await (const batch of batches) {
        this.entries.push(...batch.entries);
        this.revision = batch.revision;
        this.wake();
      }
    } catch (error) {
      this.error = error;
    }
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
