/** Objects by key and by the values of indexes (upstream: client-go/tools/cache/thread_safe_store.go). */
import { type KubeObject, keyOf } from "../apimachinery/meta.ts";

interface Index<T> {
  readonly values: (object: T) => readonly string[];
  readonly keys: Map<string, Set<string>>;
}

/** A map of objects that keeps indexes. What it gives out is shared. */
export class Indexer<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #namespaces = new Map<string, Set<string>>();
  readonly #indexes = new Map<string, Index<T>>();

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  list(namespace?: string): T[] {
    if (namespace === undefined) return [...this.#objects.values()];
    return this.#resolve(this.#namespaces.get(namespace));
  }

  /** Throws where there is no such index: the caller forgot to add it. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`no index "${name}": add it before it is asked`);
    return this.#resolve(index.keys.get(value));
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { values, keys: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) for (const value of values(object)) insert(index.keys, value, key);
  }

  /** Puts an object in; gives the one that was there. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    if (old === undefined) insert(this.#namespaces, object.metadata.namespace ?? "", key);
    for (const index of this.#indexes.values()) {
      if (old !== undefined) for (const value of index.values(old)) remove(index.keys, value, key);
      for (const value of index.values(object)) insert(index.keys, value, key);
    }
    return old;
  }

  /** Takes an object out and gives it. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    remove(this.#namespaces, old.metadata.namespace ?? "", key);
    for (const index of this.#indexes.values()) {
      for (const value of index.values(old)) remove(index.keys, value, key);
    }
    return old;
  }

  #resolve(keys: Set<string> | undefined): T[] {
    const objects: T[] = [];
    for (const key of keys ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) objects.push(object);
    }
    return objects;
  }
}

function insert(map: Map<string, Set<string>>, value: string, key: string): void {
  const keys = map.get(value);
  if (keys === undefined) map.set(value, new Set([key]));
  else keys.add(key);
}

function remove(map: Map<string, Set<string>>, value: string, key: string): void {
  const keys = map.get(value);
  if (keys === undefined) return;
  keys.delete(key);
  if (keys.size === 0) map.delete(value);
}
