/** What is to be read, gathered until it is. */
import type { Resource } from "../../lib/apimachinery/meta.ts";

/** Copies of a resource. */
export interface Want {
  readonly resource: Resource;
  /** `namespace/name`: of these objects alone, where single objects are copied. @default all */
  readonly keys?: readonly string[];
}

/** `group/resource`, as nudges have it. */
export const collectionOf = ({ group, resource }: Resource) => `${group}/${resource}`;

/** Some wants, one a resource. */
export class Wants {
  readonly #byCollection = new Map<string, Want>();

  constructor(wants: readonly Want[] = []) {
    for (const want of wants) this.add(want);
  }

  add(want: Want): void {
    const collection = collectionOf(want.resource);
    const known = this.#byCollection.get(collection);
    if (known === undefined) this.#byCollection.set(collection, want);
    else if (known.keys && want.keys) {
      this.#byCollection.set(collection, { ...want, keys: [...new Set([...known.keys, ...want.keys])] });
    } else this.#byCollection.set(collection, { resource: want.resource });
  }

  get list(): readonly Want[] {
    return [...this.#byCollection.values()];
  }
}
