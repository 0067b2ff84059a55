/**
 * What a controller has written and its informers have not seen yet (upstream: controller/util/consistency, and the
 * expectations of controller_utils.go). Counting pods without it makes too many of them.
 */
import type { KubeObject } from "../apimachinery/meta.ts";
import type { Informer } from "../client/informer.ts";

interface Writes {
  /** The newest revision that was written, by informer. */
  readonly revisions: Map<Informer<KubeObject>, string>;
  /** The uids of what has been deleted, or is known to be gone. */
  readonly deleted: Set<string>;
}

/** The writes of one controller, by the key that it reconciled when it wrote. */
export class OwnWrites {
  readonly #writes = new Map<string, Writes>();

  /** Notes a create or an update by its answer. */
  wrote<T extends KubeObject>(key: string, informer: Informer<T>, answer: KubeObject): void {
    const { revisions } = this.#of(key);
    const copy = informer as unknown as Informer<KubeObject>;
    const known = revisions.get(copy);
    const { resourceVersion } = answer.metadata;
    if (known === undefined || Number(known) < Number(resourceVersion)) revisions.set(copy, resourceVersion);
  }

  /** Notes a deletion that the server has accepted, or that it said is done already. */
  deleted(key: string, uid: string): void {
    this.#of(key).deleted.add(uid);
  }

  /**
   * Whether the informers have seen all that was written for the key. The change that makes it true also sets off the
   * key, so a reconciler may just return.
   */
  seen(key: string): boolean {
    const writes = this.#writes.get(key);
    if (writes === undefined) return true;
    for (const [informer, revision] of writes.revisions) {
      if (!informer.reached(revision)) return false;
      writes.revisions.delete(informer);
    }
    return true;
  }

  /** What is left of the objects without those that are deleted already, though the informer doesn't know it yet. */
  withoutDeleted<T extends KubeObject>(key: string, objects: readonly T[]): T[] {
    const deleted = this.#writes.get(key)?.deleted;
    if (deleted === undefined || deleted.size === 0) return [...objects];
    const left: T[] = [];
    const stale = new Set<string>();
    for (const object of objects) {
      if (deleted.has(object.metadata.uid)) stale.add(object.metadata.uid);
      else left.push(object);
    }
    for (const uid of deleted) if (!stale.has(uid)) deleted.delete(uid);
    return left;
  }

  /** The object of the key is gone. */
  forget(key: string): void {
    this.#writes.delete(key);
  }

  #of(key: string): Writes {
    let writes = this.#writes.get(key);
    if (writes === undefined) {
      writes = { revisions: new Map(), deleted: new Set() };
      this.#writes.set(key, writes);
    }
    return writes;
  }
}
