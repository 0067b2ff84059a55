/**
 * Informers that hold no watch: they read what is new when they are told to. For processes that somebody else wakes (a
 * stream, a queue) and that must not pay for waiting.
 */
import type { KubeObject, Resource } from "../apimachinery/meta.ts";
import type { Informer, InformerQuery, Informers } from "./informer.ts";
import type { Client } from "./interface.ts";
import { isGone, replaceAll } from "./reflector.ts";
import { InformerStore, informerKey, metadataOf } from "./shared-informers.ts";

/** What they are made with. */
export interface CatchUpInformersOptions {
  readonly client: Client;
  /** How long reading a resource's changes may take: a dead connection must not be waited for. @default no limit */
  readonly readTimeoutMs?: number;
  /** Told of handlers that threw. */
  readonly onError?: (error: unknown, resource: Resource) => void;
}

/** Informers whose copies are as of the last `catchUp`. */
export interface CatchUpInformers extends Informers {
  /**
   * Brings copies up to all that was written before the call: those of the resources (of whatever query), or all. The
   * first time a copy is listed, later only its changes are read. Rejects with what the client rejects with; copies
   * that were read stay.
   */
  catchUp(resources?: readonly Resource[]): Promise<void>;
  /** The revision up to which all copies of the resource have come; 0 where one was never read or there is none. */
  revision(resource: Resource): number;
}

/** Makes them. Nothing is read before `catchUp`. */
export function createCatchUpInformers(options: CatchUpInformersOptions): CatchUpInformers {
  return new CatchingUp(options);
}

class CatchingUp implements CatchUpInformers {
  readonly #options: CatchUpInformersOptions;
  readonly #copies = new Map<string, Copy>();
  readonly #stopping = new AbortController();

  constructor(options: CatchUpInformersOptions) {
    this.#options = options;
  }

  get<T extends KubeObject>(resource: Resource<T>, query: InformerQuery = {}): Informer<T> {
    const key = informerKey(resource, query, (whole) => this.#copies.has(whole));
    let copy = this.#copies.get(key);
    if (copy === undefined) {
      const { onError } = this.#options;
      copy = new Copy(this.#options, resource, query, this.#stopping.signal, (error) => onError?.(error, resource));
      this.#copies.set(key, copy);
    }
    return copy.store as unknown as Informer<T>;
  }

  async catchUp(resources?: readonly Resource[]): Promise<void> {
    const wanted = [...this.#copies.values()].filter(
      ({ resource }) => resources === undefined || resources.some((one) => isSame(one, resource)),
    );
    await Promise.all(wanted.map((copy) => copy.catchUp()));
  }

  revision(resource: Resource): number {
    const copies = [...this.#copies.values()].filter((copy) => isSame(copy.resource, resource));
    return copies.length === 0 ? 0 : Math.min(...copies.map((copy) => copy.revision));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#copies.values()].map((copy) => copy.settled()));
  }
}

function isSame(a: Resource, b: Resource): boolean {
  return a.group === b.group && a.resource === b.resource;
}

/** One copy and how far it has come. */
class Copy {
  readonly store: InformerStore<KubeObject>;
  readonly resource: Resource;
  readonly #client: Client;
  readonly #query: Omit<InformerQuery, "metadataOnly">;
  readonly #signal: AbortSignal;
  readonly #readTimeoutMs: number | undefined;
  #revision: string | undefined;
  #running: Promise<void> | undefined;
  /** Begins when the running one has ended: whoever asks meanwhile wants what was written since that began. */
  #waiting: Promise<void> | undefined;

  constructor(
    { client, readTimeoutMs }: CatchUpInformersOptions,
    resource: Resource,
    { metadataOnly, ...query }: InformerQuery,
    signal: AbortSignal,
    onError: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#readTimeoutMs = readTimeoutMs;
    this.resource = resource;
    this.#query = query;
    this.#signal = signal;
    this.store = new InformerStore<KubeObject>(onError, metadataOnly ? metadataOf : undefined);
  }

  /** How far it has come; 0: nowhere. */
  get revision(): number {
    return Number(this.#revision ?? 0);
  }

  catchUp(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#waiting ??= this.settled().then(() => {
      this.#waiting = undefined;
      // Somebody who was quicker may have begun another one.
      return this.#running ?? this.#begin();
    });
    return this.#waiting;
  }

  /** Resolves when nothing is being read, however that ended. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => {});
  }

  #begin(): Promise<void> {
    this.#running = this.#read().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #read(): Promise<void> {
    if (this.#revision !== undefined && (await this.#readChanges(this.#revision))) return;
    this.#revision = await replaceAll({
      client: this.#client,
      resource: this.resource,
      query: this.#query,
      sink: this.store,
      signal: this.#signal,
    });
  }

  /** False: the history since then is gone, so that only a list helps. */
  async #readChanges(since: string): Promise<boolean> {
    const query = { ...this.#query, resourceVersion: since, allowWatchBookmarks: true, untilCaughtUp: true };
    const signal =
      this.#readTimeoutMs === undefined
        ? this.#signal
        : AbortSignal.any([this.#signal, AbortSignal.timeout(this.#readTimeoutMs)]);
    let last = "";
    try {
      for await (const event of this.#client.watch(this.resource, query, signal)) {
        this.store.apply(event);
        this.#revision = event.object.metadata.resourceVersion;
        last = event.type;
      }
    } catch (error) {
      if (!isGone(error)) throw error;
      return false;
    }
    // Cut off before the bookmark: some of what is new may be missing.
    if (last !== "BOOKMARK") throw new Error(`the changes of ${this.resource.resource} could not be read to their end`);
    return true;
  }
}
