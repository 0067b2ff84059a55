/** A collection's objects as they change: what authorizers keep in memory (upstream: shared informers). */
import type { Clock } from "../../apimachinery/clock.ts";
import { type Collection, RevisionCompacted, type Store } from "../../storage/interface.ts";

/** Takes changes. */
export interface CollectionListener {
  /** `object` is undefined where the key is gone. */
  changed(key: string, object: unknown): void;
}

const retryMs = 500;

/** Tells the listener of every object, then of every change, until the signal aborts. */
export class CollectionCache {
  readonly #store: Store;
  readonly #collection: Collection;
  readonly #clock: Clock;
  readonly #listener: CollectionListener;
  #keys = new Set<string>();

  constructor(store: Store, collection: Collection, clock: Clock, listener: CollectionListener) {
    this.#store = store;
    this.#collection = collection;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Resolves when all objects that are there have been told. Throws what the store throws. */
  async start(signal: AbortSignal): Promise<void> {
    const revision = await this.#list();
    void this.#follow(revision, signal);
  }

  async #list(): Promise<number> {
    const { items, revision } = await this.#store.list(this.#collection);
    const gone = this.#keys;
    this.#keys = new Set(items.map(({ key }) => key));
    for (const key of gone) if (!this.#keys.has(key)) this.#listener.changed(key, undefined);
    for (const { key, text } of items) this.#listener.changed(key, JSON.parse(text));
    return revision;
  }

  async #follow(first: number, signal: AbortSignal): Promise<void> {
    let after = first;
    while (!signal.aborted) {
      try {
        for await (const { entries, revision } of this.#store.watch(this.#collection, { after, signal })) {
          for (const { key, text, type } of entries) {
            if (type === "deleted") this.#keys.delete(key);
            else this.#keys.add(key);
            this.#listener.changed(key, type === "deleted" ? undefined : JSON.parse(text));
          }
          after = revision;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof RevisionCompacted) after = await this.#list().catch(() => after);
        await this.#clock.sleep(retryMs, signal);
      }
    }
  }
}
