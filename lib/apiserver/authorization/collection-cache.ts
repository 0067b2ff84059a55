/** A collection's objects as they change: what authorizers keep in memory (upstream: shared informers). */
import type { Clock } from "../../apimachinery/clock.ts";
import { type Collection, RevisionCompacted, type Store } from "../../storage/interface.ts";

/** Takes a change; `object` is undefined where the key is gone. */
export type Changed = (key: string, object: unknown) => void;

/**
 * How a cache keeps up. `watch`: the log is followed in the background. `on use`: nothing runs between questions, as a
 * process that is frozen between requests needs it; what is older than a second catches up before it is used.
 */
export type CacheMode = "watch" | "on use";

/** Where caches get their objects from. */
export interface CacheFeed {
  readonly store: Store;
  readonly clock: Clock;
  readonly mode: CacheMode;
  /** Ends what runs. */
  readonly signal: AbortSignal;
}

const retryMs = 500;
const catchUpMs = 1000;

/** For how long a cache that catches up on use is taken as current. */
const freshMs = 1000;

/** Tells of every object, then of every change. */
export class CollectionCache {
  readonly #feed: CacheFeed;
  readonly #collection: Collection;
  readonly #changed: Changed;
  #keys = new Set<string>();
  #revision = 0;
  readonly #waiting = new Set<() => void>();

  constructor(feed: CacheFeed, collection: Collection, changed: Changed) {
    this.#feed = feed;
    this.#collection = collection;
    this.#changed = changed;
  }

  /** Resolves when all objects that are there have been told. Throws what the store throws. */
  async start(): Promise<void> {
    await this.#list();
    if (this.#feed.mode === "watch") void this.#follow();
  }

  /**
   * Resolves when everything up to a revision has been told; in mode `watch` after a second at the latest: then what is
   * told may be old. Not to be called again before it has ended. Throws what the store throws.
   */
  async reaches(wanted: number): Promise<void> {
    if (this.#revision >= wanted) return;
    await (this.#feed.mode === "watch" ? this.#isTold(wanted) : this.#readTo(wanted));
  }

  async #isTold(wanted: number): Promise<void> {
    const timeout = new AbortController();
    await new Promise<void>((resolve) => {
      const check = () => {
        if (this.#revision < wanted && !timeout.signal.aborted) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      void this.#feed.clock.sleep(catchUpMs, timeout.signal).then(() => {
        timeout.abort();
        check();
      });
    });
    timeout.abort();
  }

  /** Reads the log up to a revision. */
  async #readTo(wanted: number): Promise<void> {
    const done = new AbortController();
    try {
      await this.#read(AbortSignal.any([done.signal, this.#feed.signal]), wanted);
    } catch (error) {
      if (!(error instanceof RevisionCompacted)) throw error;
      await this.#list();
    } finally {
      done.abort();
    }
  }

  async #list(): Promise<void> {
    const { items, revision } = await this.#feed.store.list(this.#collection);
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

  /** Tells of changes until the signal aborts, or those up to a revision. */
  async #read(signal: AbortSignal, until = Number.POSITIVE_INFINITY): Promise<void> {
    const batches = this.#feed.store.watch(this.#collection, { after: this.#revision, signal });
    for await (const { entries, revision } of batches) {
      for (const { key, text, type } of entries) {
        if (type === "deleted") this.#keys.delete(key);
        else this.#keys.add(key);
        this.#changed(key, type === "deleted" ? undefined : JSON.parse(text));
      }
      this.#reached(revision);
      if (revision >= until) return;
    }
  }

  async #follow(): Promise<void> {
    const { signal, clock } = this.#feed;
    while (!signal.aborted) {
      try {
        await this.#read(signal);
      } catch (error) {
        if (signal.aborted) return;
        // Another failure of the store's ends the list as well; the next turn tries again.
        if (error instanceof RevisionCompacted) await this.#list().catch(() => undefined);
        await clock.sleep(retryMs, signal);
      }
    }
  }
}

/** What several collections tell together, filled when it is first asked for: who never asks pays nothing. */
export class CacheGroup<T> {
  readonly #view: T;
  readonly #caches: readonly CollectionCache[];
  readonly #collections: readonly Collection[];
  readonly #feed: CacheFeed;
  #starting: Promise<void> | undefined;
  #isFilled = false;
  #currentAt = Number.NEGATIVE_INFINITY;
  /** Ends with the last look that was begun or is waiting to. */
  #lastLook: Promise<void> = Promise.resolve();
  /** The look that is waiting to begin. */
  #nextLook: Promise<void> | undefined;

  /** `view` is what the changes are told to. */
  constructor(view: T, feed: CacheFeed, collections: readonly (readonly [Collection, Changed])[]) {
    this.#view = view;
    this.#feed = feed;
    this.#collections = collections.map(([collection]) => collection);
    this.#caches = collections.map(([collection, changed]) => new CollectionCache(feed, collection, changed));
  }

  /** The view where it is filled and current; undefined: ask `filled`. */
  get current(): T | undefined {
    return this.#isFilled && this.#isFresh() ? this.#view : undefined;
  }

  /** The view as it was last filled, which may be long ago. */
  get known(): T | undefined {
    return this.#isFilled ? this.#view : undefined;
  }

  /** The view, filled and current. Throws what the store throws; the next call tries again then. */
  async filled(): Promise<T> {
    this.#starting ??= this.#start();
    await this.#starting;
    if (!this.#isFresh()) await this.caughtUp();
    return this.#view;
  }

  /** Resolves when the view has all that was written before the call. Throws what the store throws. */
  caughtUp(): Promise<void> {
    if (this.#nextLook) return this.#nextLook;
    // A look that is under way may have been too early to see what the caller knows of, so another one follows it.
    const look = this.#lastLook.then(() => {
      this.#nextLook = undefined;
      return this.#look();
    });
    this.#nextLook = look;
    this.#lastLook = look.catch(() => undefined);
    return look;
  }

  #isFresh(): boolean {
    return this.#feed.mode === "watch" || this.#feed.clock.now() - this.#currentAt < freshMs;
  }

  async #look(): Promise<void> {
    const startedAt = this.#feed.clock.now();
    const wanted = await this.#feed.store.revisions(this.#collections);
    await Promise.all(this.#caches.map((cache, n) => cache.reaches(wanted[n])));
    this.#currentAt = startedAt;
  }

  async #start(): Promise<void> {
    const startedAt = this.#feed.clock.now();
    try {
      await Promise.all(this.#caches.map((cache) => cache.start()));
      this.#currentAt = startedAt;
      this.#isFilled = true;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }
}
