/** Informers of the fake API: up to date at once, or as late as a test lets them be. */

import { parseFieldSelector } from "../../lib/apimachinery/fields.ts";
import { type KubeObject, keyOf, type Resource } from "../../lib/apimachinery/meta.ts";
import type { Informer, InformerQuery, Informers } from "../../lib/client/informer.ts";
import type { WatchEvent } from "../../lib/client/interface.ts";
import { InformerStore } from "../../lib/client/shared-informers.ts";
import type { FakeApi } from "./fake-api.ts";

/** Takes an event and delivers it when it wants, in order for each informer. */
export type Delivery = (deliver: () => void) => void;

/** Informers fed by the fake API. Objects are frozen: a controller that changes what it shares fails. */
export class FakeInformers implements Informers {
  readonly #api: FakeApi;
  readonly #delivery: (resource: Resource) => Delivery;
  readonly #stores = new Map<string, InformerStore<KubeObject>>();
  readonly #relists: (() => void)[] = [];

  constructor(api: FakeApi, delivery: (resource: Resource) => Delivery = () => (deliver) => deliver()) {
    this.#api = api;
    this.#delivery = delivery;
  }

  get<T extends KubeObject>(resource: Resource<T>, query: InformerQuery = {}): Informer<T> {
    const key = `${resource.group}/${resource.resource} ${query.fieldSelector ?? ""}`;
    let store = this.#stores.get(key);
    if (store === undefined) {
      store = new InformerStore<KubeObject>((error) => {
        throw error;
      });
      this.#stores.set(key, store);
      this.#feed(resource, store, query);
    }
    return store as unknown as Informer<T>;
  }

  /** Throws all informers back to a list: what happened between is seen as one step. */
  relist(): void {
    for (const relist of this.#relists) relist();
  }

  async stop(): Promise<void> {}

  #feed(resource: Resource, store: InformerStore<KubeObject>, query: InformerQuery): void {
    const fields = parseFieldSelector(query.fieldSelector ?? "");
    const wanted = (object: KubeObject) =>
      fields.matches({ "metadata.name": object.metadata.name, "metadata.namespace": object.metadata.namespace ?? "" });
    const delivery = this.#delivery(resource);
    const relist = () => {
      const now = this.#api.all(resource).filter(wanted);
      store.replace(now.map(frozen), this.#api.revision(resource));
    };
    relist();
    this.#relists.push(relist);
    this.#api.listen(resource, (event: WatchEvent<KubeObject>) => {
      if (wanted(event.object)) delivery(() => store.apply({ type: event.type, object: frozen(event.object) }));
    });
  }
}

function frozen(object: KubeObject): KubeObject {
  const copy = structuredClone(object);
  freeze(copy);
  return copy;
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

/** `namespace/name` of each, sorted. */
export function keysOf(objects: readonly KubeObject[]): string[] {
  return objects.map(keyOf).sort();
}
