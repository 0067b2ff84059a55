/** Informers that share one list and watch a resource (upstream: client-go/tools/cache/shared_informer.go). */
import { type Clock, type Random, systemClock, systemRandom } from "../apimachinery/clock.ts";
import { type KubeObject, keyOf, type Resource } from "../apimachinery/meta.ts";
import { Indexer } from "./indexer.ts";
import type { ChangeHandler, Informer, InformerQuery, Informers } from "./informer.ts";
import type { Client, WatchEvent } from "./interface.ts";
import { runReflector, type Sink } from "./reflector.ts";

/** What informers are made with. */
export interface InformersOptions {
  readonly client: Client;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Told of failed lists and watches (they are tried again) and of handlers that threw. */
  readonly onError?: (error: unknown, resource: Resource) => void;
}

/** Informers that read from the client. Nothing is listed before it is asked for. */
export function createInformers(options: InformersOptions): Informers {
  return new SharedInformers(options);
}

/** An informer's copy and handlers, filled by whoever feeds it: a reflector, or a log's consumer. */
export class InformerStore<T extends KubeObject> implements Informer<T>, Sink<T> {
  readonly #indexer = new Indexer<T>();
  readonly #handlers: ChangeHandler<T>[] = [];
  readonly #synced = Promise.withResolvers<void>();
  readonly #onError: (error: unknown) => void;
  readonly #keep: (object: T) => T;
  #revision = 0;

  /** `keep` gives what is kept of each object; absent: all. */
  constructor(onError: (error: unknown) => void = () => {}, keep: (object: T) => T = (object) => object) {
    this.#onError = onError;
    this.#keep = keep;
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get(key: string): T | undefined {
    return this.#indexer.get(key);
  }

  list(namespace?: string): T[] {
    return this.#indexer.list(namespace);
  }

  byIndex(index: string, value: string): T[] {
    return this.#indexer.byIndex(index, value);
  }

  addIndex(index: string, values: (object: T) => readonly string[]): void {
    this.#indexer.addIndex(index, values);
  }

  onChange(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler);
    for (const object of this.#indexer.list()) this.#call(handler, { object });
  }

  reached(resourceVersion: string): boolean {
    return this.#revision >= Number(resourceVersion);
  }

  replace(items: readonly T[], resourceVersion: string): void {
    this.#revision = Number(resourceVersion);
    const gone = new Set(this.#indexer.keys());
    for (const item of items) {
      gone.delete(keyOf(item));
      this.#put(item);
    }
    for (const key of gone) this.#remove(key);
    this.#synced.resolve();
  }

  apply(event: WatchEvent<T>): void {
    this.#revision = Math.max(this.#revision, Number(event.object.metadata.resourceVersion));
    if (event.type === "DELETED") this.#remove(keyOf(event.object), event.object);
    else if (event.type !== "BOOKMARK") this.#put(event.object);
  }

  #put(object: T): void {
    let old = this.#indexer.get(keyOf(object));
    if (old !== undefined && old.metadata.uid !== object.metadata.uid) {
      // Deleted and made again, unseen (a new list): handlers are told both, so none has to compare uids.
      this.#remove(keyOf(object));
      old = undefined;
    }
    if (old !== undefined && old.metadata.resourceVersion === object.metadata.resourceVersion) return;
    const kept = this.#keep(object);
    this.#indexer.set(kept);
    this.#notify(old === undefined ? { object: kept } : { object: kept, old });
  }

  /** `last` is the state that the deletion's event told, newer than the copy's. */
  #remove(key: string, last?: T): void {
    const old = this.#indexer.delete(key);
    if (old !== undefined) this.#notify({ old: last ?? old });
  }

  #notify(change: { object?: T; old?: T }): void {
    for (const handler of this.#handlers) this.#call(handler, change);
  }

  #call(handler: ChangeHandler<T>, change: { object?: T; old?: T }): void {
    try {
      handler(change);
    } catch (error) {
      this.#onError(error);
    }
  }
}

class SharedInformers implements Informers {
  readonly #options: InformersOptions;
  readonly #informers = new Map<string, InformerStore<KubeObject>>();
  readonly #running: Promise<void>[] = [];
  readonly #stopping = new AbortController();

  constructor(options: InformersOptions) {
    this.#options = options;
  }

  get<T extends KubeObject>(resource: Resource<T>, query: InformerQuery = {}): Informer<T> {
    const key = informerKey(resource, query, (whole) => this.#informers.has(whole));
    let store = this.#informers.get(key);
    if (store === undefined) {
      store = this.#start(resource, query);
      this.#informers.set(key, store);
    }
    return store as unknown as Informer<T>;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  #start(resource: Resource, { metadataOnly, ...query }: InformerQuery): InformerStore<KubeObject> {
    const { client, clock = systemClock, random = systemRandom, onError } = this.#options;
    const report = (error: unknown) => onError?.(error, resource);
    const store = new InformerStore<KubeObject>(report, metadataOnly ? metadataOf : undefined);
    const { signal } = this.#stopping;
    this.#running.push(runReflector({ client, resource, query, sink: store, clock, random, signal, onError: report }));
    return store;
  }
}

/** Names one copy. A copy of metadata alone is none of its own where the whole one `exists`. */
export function informerKey(resource: Resource, query: InformerQuery, exists: (key: string) => boolean): string {
  const { namespace = "", labelSelector = "", fieldSelector = "", metadataOnly = false } = query;
  const { group, version, resource: plural } = resource;
  const whole = [group, version, plural, namespace, labelSelector, fieldSelector].join(" ");
  return metadataOnly && !exists(whole) ? `${whole} metadata` : whole;
}

/** An object's type and metadata. */
export function metadataOf({ apiVersion, kind, metadata: { managedFields: _, ...metadata } }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata };
}
