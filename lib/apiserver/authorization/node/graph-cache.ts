/** Keeps a NodeGraph as the store is, from the first question on: clusters without such nodes pay nothing. */
import type { Clock } from "../../../apimachinery/clock.ts";
import type { PersistentVolume, Pod } from "../../../openapi/types/core-v1.ts";
import type { ResourceSlice } from "../../../openapi/types/resource-v1.ts";
import type { VolumeAttachment } from "../../../openapi/types/storage-v1.ts";
import type { Store } from "../../../storage/interface.ts";
import { type Changed, CollectionCache } from "../collection-cache.ts";
import { NodeGraph } from "./graph.ts";

/** A graph that is filled when it is first asked for. */
export class GraphCache {
  readonly #graph = new NodeGraph();
  readonly #caches: readonly CollectionCache[];
  readonly #signal: AbortSignal;
  #started: Promise<void> | undefined;

  constructor(store: Store, cluster: string, clock: Clock, signal: AbortSignal) {
    this.#signal = signal;
    const graph = this.#graph;
    const cache = (group: string, resource: string, changed: Changed) =>
      new CollectionCache(store, { cluster, group, resource }, clock, changed);
    this.#caches = [
      cache("", "pods", (key, object) => graph.setPod(key, object as Pod | undefined)),
      cache("", "persistentvolumes", (key, object) => graph.setVolume(key, object as PersistentVolume | undefined)),
      cache("storage.k8s.io", "volumeattachments", (key, object) =>
        graph.setAttachment(key, object as VolumeAttachment | undefined),
      ),
      cache("resource.k8s.io", "resourceslices", (key, object) =>
        graph.setSlice(key, object as ResourceSlice | undefined),
      ),
    ];
  }

  /** The graph, filled. Throws what the store throws; the next call tries again. */
  async graph(): Promise<NodeGraph> {
    this.#started ??= Promise.all(this.#caches.map((cache) => cache.start(this.#signal))).then(
      () => undefined,
      (error) => {
        this.#started = undefined;
        throw error;
      },
    );
    await this.#started;
    return this.#graph;
  }

  /** Resolves when the graph has all that was written before the call. False: it had already. */
  async caughtUp(): Promise<boolean> {
    return (await Promise.all(this.#caches.map((cache) => cache.caughtUp()))).includes(true);
  }
}
