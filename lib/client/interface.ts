/**
 * How everything of ours that is no API server talks to one: over HTTPS (`http.ts`) or in the same process (`in-
 * process.ts`).
 */
import type { Draft, KubeObject, Resource } from "../apimachinery/meta.ts";

/** An object's place. Cluster-scoped: no namespace. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

/** What to list or watch. Selectors are in their text form. */
export interface ListQuery {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan";
}

/** What to watch. */
export interface WatchQuery extends ListQuery {
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  /** The server ends the stream after so long. */
  readonly timeoutSeconds?: number;
  /**
   * Ours alone: the server sends what was written before the call, then a bookmark, and ends the stream. Who is told by
   * somebody else that there is news reads it so, instead of holding a watch.
   */
  readonly untilCaughtUp?: boolean;
}

/** A list with the revision to watch from. Items have kind and apiVersion, as objects of a get have. */
export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

/** An event of a watch. A bookmark's object has only a resourceVersion. ERROR is thrown as a StatusError instead. */
export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: T;
}

/** How to delete. */
export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly gracePeriodSeconds?: number;
}

/** Media types of patches. */
export type PatchType = "json" | "merge" | "strategic" | "apply";

/** Changes what a call goes to. */
export interface WriteOptions {
  /** `status`, `scale`, `binding`, ... */
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}

/** Calls to an API server. Every method rejects with StatusError when the server answers with a failure. */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, query?: ListQuery): Promise<ObjectList<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  /** Replaces the object; metadata.resourceVersion, where set, must be the current one. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { readonly force?: boolean },
  ): Promise<T>;
  delete<T extends KubeObject>(resource: Resource<T>, name: ObjectName, options?: DeleteOptions): Promise<void>;
  /** Events after query.resourceVersion, until the signal aborts or the server ends the stream. */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    query: WatchQuery,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** POSTs any body to a subresource and gives any answer: binding, eviction, token. */
  createSubresource<A>(resource: Resource, name: ObjectName, subresource: string, body: unknown): Promise<A>;
  /** Any path: discovery, reviews, subresources of a kind of their own. The answer is parsed JSON. */
  request<A>(method: string, path: string, body?: unknown, options?: { readonly accept?: string }): Promise<A>;
}
