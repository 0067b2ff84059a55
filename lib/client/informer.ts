/** Informers: a local copy of a resource, kept by list and watch (upstream: client-go/tools/cache). */
import type { KubeObject, Resource } from "../apimachinery/meta.ts";

/** Called after the copy has changed. `old` is absent when an object appears, `object` when it goes. */
export type ChangeHandler<T extends KubeObject> = (change: { object?: T; old?: T }) => void;

/** A copy of all objects of a resource. The objects are shared: do not mutate them. */
export interface Informer<T extends KubeObject> {
  get(key: string): T | undefined;
  /** All, or those of a namespace. */
  list(namespace?: string): T[];
  /** Objects for which the index's function gave this value. */
  byIndex(index: string, value: string): T[];
  /** Adds an index; adding the same name again is a no-op. */
  addIndex(index: string, values: (object: T) => readonly string[]): void;
  /** Handlers added late are called for all that is there already. */
  onChange(handler: ChangeHandler<T>): void;
  readonly synced: Promise<void>;
  /**
   * Whether the copy holds everything up to a revision of the resource's collection: what a write has answered is then
   * seen here. A controller that counts objects must not count before.
   */
  reached(resourceVersion: string): boolean;
}

/** Which objects of a resource a copy holds; absent: all. */
export interface InformerQuery {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * Keeps type and metadata only, without managedFields. Takes the whole copy where somebody has asked for that one.
   */
  readonly metadataOnly?: boolean;
}

/** One informer a resource and query, made when first asked for. */
export interface Informers {
  get<T extends KubeObject>(resource: Resource<T>, query?: InformerQuery): Informer<T>;
  /** Ends all of them. */
  stop(): Promise<void>;
}
