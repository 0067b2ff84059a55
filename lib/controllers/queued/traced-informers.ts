/**
 * Informers that note what is read. What maps a change to keys is pure, so it can be run to see which copies it needs,
 * and again when these have caught up: nothing else is ever read.
 */
import type { KubeObject, Resource } from "../../apimachinery/meta.ts";
import type { ChangeHandler, Informer, InformerQuery, Informers } from "../../client/informer.ts";
import { collectionOf } from "./messages.ts";

/** Wraps informers. */
export class TracedInformers implements Informers {
  readonly #informers: Informers;
  readonly #wrapped = new Map<Informer<KubeObject>, Informer<KubeObject>>();
  #read = new Map<string, Resource>();

  constructor(informers: Informers) {
    this.#informers = informers;
  }

  get<T extends KubeObject>(resource: Resource<T>, query?: InformerQuery): Informer<T> {
    const inner = this.#informers.get(resource, query) as unknown as Informer<KubeObject>;
    let wrapped = this.#wrapped.get(inner);
    if (wrapped === undefined) {
      const plain = resource as unknown as Resource;
      wrapped = new TracedInformer(inner, () => this.#read.set(collectionOf(resource), plain));
      this.#wrapped.set(inner, wrapped);
    }
    return wrapped as unknown as Informer<T>;
  }

  /** The resources that were read since the last call. */
  take(): Resource[] {
    const read = [...this.#read.values()];
    this.#read = new Map();
    return read;
  }

  stop(): Promise<void> {
    return this.#informers.stop();
  }
}

class TracedInformer implements Informer<KubeObject> {
  readonly #inner: Informer<KubeObject>;
  readonly #note: () => void;

  constructor(inner: Informer<KubeObject>, note: () => void) {
    this.#inner = inner;
    this.#note = note;
  }

  get synced(): Promise<void> {
    return this.#inner.synced;
  }

  get(key: string): KubeObject | undefined {
    this.#note();
    return this.#inner.get(key);
  }

  list(namespace?: string): KubeObject[] {
    this.#note();
    return this.#inner.list(namespace);
  }

  byIndex(index: string, value: string): KubeObject[] {
    this.#note();
    return this.#inner.byIndex(index, value);
  }

  addIndex(index: string, values: (object: KubeObject) => readonly string[]): void {
    this.#inner.addIndex(index, values);
  }

  /** Not called: who maps a change reads nothing that it has made of others. The scheduler would keep all pods twice. */
  onChange(_: ChangeHandler<KubeObject>): void {}

  reached(resourceVersion: string): boolean {
    this.#note();
    return this.#inner.reached(resourceVersion);
  }
}
