/** A collection's objects as they change: what authorizers keep in memory (upstream: shared informers). */
import type { Clock } from "../../apimachinery/clock.ts";
import { type Collection, RevisionCompacted, type Store } from "../../storage/interface.ts";

/** Takes a change; `object` is undefined where the key is gone. */
export type Changed = (key: string, object: unknown) => void;

const retryMs = 500;
const catchUpMs = 1000;

/** Tells of every object, then of every change, until the signal aborts. */
export class CollectionCache {
  readonly #store: Store;
  readonly #collection: Collection;
  readonly #clock: Clock;
  readonly #changed: Changed;
  #keys = new Set<string>();
  #revision = 0;
  readonly #waiting = new Set<() => void>();

  constructor(store: Store, collection: Collection, clock: Clock, changed: Changed) {
    this.#store = store;
    this.#collection = collection;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Resolves when all objects that are there have been told. Throws what the store throws. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#list();
    void this.#follow(signal);
  }

  /**
   * Resolves when everything that was written before the call has been told, or after a second: then what is told may
   * be old. False: there was nothing new.
   */
  async caughtUp(): Promise<boolean> {
    const wanted = await this.#store.revision(this.#collection);
    if (this.#revision >= wanted) return false;
    const timeout = new AbortController();
    await new Promise<void>((resolve) => {
      const check = () => {
        if (this.#revision < wanted && !timeout.signal.aborted) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      void this.#clock.sleep(catchUpMs, timeout.signal).then(() => {
        timeout.abort();
        check();
      });
    });
    timeout.abort();
    return true;
  }

  async #list(): Promise<void> {
    const { items, revision } = await this.#store.list(this.#collection);
    const gone = this.#keys;
    this.#keys = new Set(items.map(({ key }) => key));
    for (const key of gone) if (!this.#keys.has(key)) this.#changed(key, undefined);
    for (const { key, text } of items) this.#changed(key, JSON.parse(text));
    this.#reached(revision);
  }

  #reached(revision: number): void {
    this.#revision = revision;
    for (const check of this.#waiting) check();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const batches = this.#store.watch(this.#collection, { after: this.#revision, signal });
        for await (const { entries, revision } of batches) {
          for (const { key, text, type } of entries) {
            if (type === "deleted") this.#keys.delete(key);
            else this.#keys.add(key);
            this.#changed(key, type === "deleted" ? undefined : JSON.parse(text));
          }
          this.#reached(revision);
        }
      } catch (error) {
        if (signal.aborted) return;
        // Another failure of the store's ends the list as well; the next turn tries again.
        if (error instanceof RevisionCompacted) await this.#list().catch(() => undefined);
        await this.#clock.sleep(retryMs, signal);
      }
    }
  }
}

/** What several collections tell together, filled when it is first asked for: who never asks pays nothing. */
export class CacheGroup<T> {
  readonly #view: T;
  readonly #caches: readonly CollectionCache[];
  readonly #signal: AbortSignal;
  #starting: Promise<void> | undefined;
  #isFilled = false;

  /** `view` is what the changes are told to. */
  constructor(
    view: T,
    store: Store,
    clock: Clock,
    signal: AbortSignal,
    collections: readonly (readonly [Collection, Changed])[],
  ) {
    this.#view = view;
    this.#signal = signal;
    this.#caches = collections.map(([collection, changed]) => new CollectionCache(store, collection, clock, changed));
  }

  /** The view where it is filled already; undefined: ask `filled`. */
  get current(): T | undefined {
    return this.#isFilled ? this.#view : undefined;
  }

  /** The view, filled. Throws what the store throws; the next call tries again then. */
  async filled(): Promise<T> {
    this.#starting ??= this.#start();
    await this.#starting;
    return this.#view;
  }

  /** Resolves when the view has all that was written before the call. False: it had already. */
  async caughtUp(): Promise<boolean> {
    return (await Promise.all(this.#caches.map((cache) => cache.caughtUp()))).includes(true);
  }

  async #start(): Promise<void> {
    try {
      await Promise.all(this.#caches.map((cache) => cache.start(this.#signal)));
      this.#isFilled = true;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }
}
