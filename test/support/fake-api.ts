/**
 * An API server's behaviour towards controllers, in memory: revisions, conflicts, generations, finalizers, graceful
 * deletion.
 * No validation, no defaulting, no admission: tests write whole objects. Deterministic, so that a simulation can
 * replay.
 */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import { timeText } from "../../lib/apimachinery/clock.ts";
import { deepCopy, semanticEqual } from "../../lib/apimachinery/equality.ts";
import {
  newAlreadyExists,
  newConflict,
  newNotFound,
  optimisticLockMessage,
  type StatusError,
} from "../../lib/apimachinery/errors.ts";
import { parseFieldSelector } from "../../lib/apimachinery/fields.ts";
import { parseSelector } from "../../lib/apimachinery/labels.ts";
import { apiVersionOf, type Draft, type KubeObject, keyOf, type Resource } from "../../lib/apimachinery/meta.ts";
import type {
  Client,
  DeleteOptions,
  ListQuery,
  ObjectList,
  ObjectName,
  PatchType,
  WatchEvent,
  WriteOptions,
} from "../../lib/client/interface.ts";
import { resourcePath } from "../../lib/client/rest.ts";
import * as allResources from "../../lib/openapi/types/resources.ts";

type Stored = KubeObject & { spec?: unknown; status?: unknown };

/** A change of a collection, as watchers see it. */
export type ChangeListener = (event: WatchEvent<KubeObject>) => void;

interface Collection {
  revision: number;
  readonly objects: Map<string, Stored>;
  readonly listeners: Set<ChangeListener>;
}

/** Called before each write; throws to make it fail. */
export type WriteHook = (verb: string, resource: Resource, object: { metadata: { name?: string } }) => void;

/** A fake API server and its client in one. */
export class FakeApi implements Client {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #collections = new Map<string, Collection>();
  /** Everything that was written: `create pods web-abc`. */
  readonly writes: string[] = [];
  beforeWrite: WriteHook | undefined;
  /** Called after each write; throws to make its answer be lost. */
  afterWrite: WriteHook | undefined;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Calls back on every change of a resource, at once. */
  listen(resource: Resource, listener: ChangeListener): void {
    this.#collection(resource).listeners.add(listener);
  }

  /** What is stored now, without copies: only to be looked at. */
  all<T extends KubeObject>(resource: Resource<T>): T[] {
    return [...this.#collection(resource).objects.values()] as T[];
  }

  revision(resource: Resource): string {
    return String(this.#collection(resource).revision);
  }

  /** Puts a whole object in, status included, as no client can. */
  put<T extends KubeObject>(resource: Resource<T>, object: Draft<T>): T {
    const collection = this.#collection(resource);
    const existing = collection.objects.get(keyOf(object));
    const stored = this.#stored(resource, { ...existing, ...object } as Draft<T>);
    if (existing !== undefined) Object.assign(stored.metadata, { uid: existing.metadata.uid }, object.metadata);
    return this.#commit(collection, existing === undefined ? "ADDED" : "MODIFIED", stored) as T;
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T> {
    return deepCopy(this.#existing(resource, name)) as T;
  }

  async list<T extends KubeObject>(resource: Resource<T>, query: ListQuery = {}): Promise<ObjectList<T>> {
    const labels = parseSelector(query.labelSelector ?? "");
    const fields = parseFieldSelector(query.fieldSelector ?? "");
    const items = this.all(resource).filter(
      ({ metadata }) =>
        (query.namespace === undefined || query.namespace === metadata.namespace) &&
        labels.matches(metadata.labels ?? {}) &&
        fields.matches({ "metadata.name": metadata.name, "metadata.namespace": metadata.namespace ?? "" }),
    );
    return { items: deepCopy(items), resourceVersion: this.revision(resource) };
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>): Promise<T> {
    this.#hook("create", resource, object);
    const stored = this.#stored(resource, object);
    if (this.#collection(resource).objects.has(keyOf(stored))) throw newAlreadyExists(resource, stored.metadata.name);
    this.writes.push(`create ${resource.resource} ${stored.metadata.name}`);
    const created = this.#commit(this.#collection(resource), "ADDED", stored);
    this.afterWrite?.("create", resource, created);
    return deepCopy(created) as T;
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    this.#hook(options.subresource === "status" ? "updateStatus" : "update", resource, object);
    const old = this.#existing(resource, object.metadata);
    const { resourceVersion, uid } = object.metadata;
    if ((resourceVersion && resourceVersion !== old.metadata.resourceVersion) || (uid && uid !== old.metadata.uid))
      throw conflict(resource, object.metadata.name);
    const written = this.#replace(resource, old, object as Stored, options.subresource);
    this.afterWrite?.("update", resource, object);
    return written as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    type: PatchType,
    patch: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    this.#hook("patch", resource, { metadata: name });
    const old = this.#existing(resource, name);
    const uid = (patch as { metadata?: { uid?: string } }).metadata?.uid;
    if (uid !== undefined && uid !== old.metadata.uid) throw conflict(resource, name.name);
    const merged = merge(deepCopy(old), patch, type === "strategic") as Stored;
    const written = this.#replace(resource, old, merged, options.subresource);
    this.afterWrite?.("patch", resource, written);
    return written as T;
  }

  async delete<T extends KubeObject>(resource: Resource<T>, name: ObjectName, options: DeleteOptions = {}) {
    this.#hook("delete", resource, { metadata: name });
    const old = this.#existing(resource, name);
    if (options.uid !== undefined && options.uid !== old.metadata.uid) throw conflict(resource, name.name);
    if (options.resourceVersion !== undefined && options.resourceVersion !== old.metadata.resourceVersion)
      throw conflict(resource, name.name);
    this.writes.push(`delete ${resource.resource} ${name.name}`);
    const next = deepCopy(old);
    const finalizers = new Set(next.metadata.finalizers ?? []);
    const held = resource.resource === "namespaces" && (namespaceFinalizers(next)?.length ?? 0) > 0;
    if (held) next.status = { ...(next.status as object), phase: "Terminating" };
    if (options.propagationPolicy === "Foreground") finalizers.add("foregroundDeletion");
    if (options.propagationPolicy === "Orphan") finalizers.add("orphan");
    const pod = resource.resource === "pods" && (next.spec as { nodeName?: string } | undefined)?.nodeName;
    const grace = pod ? (options.gracePeriodSeconds ?? 30) : 0;
    if (finalizers.size === 0 && grace === 0 && !held) {
      this.#remove(resource, old);
      this.afterWrite?.("delete", resource, old);
      return;
    }
    if (finalizers.size > 0) next.metadata.finalizers = [...finalizers];
    next.metadata.deletionTimestamp ??= timeText(this.#clock.now() + grace * 1000);
    next.metadata.deletionGracePeriodSeconds = grace;
    if (!semanticEqual(next, old)) this.#commit(this.#collection(resource), "MODIFIED", next);
    this.afterWrite?.("delete", resource, old);
  }

  watch(): AsyncIterable<never> {
    throw new Error("the fake API is listened to, not watched");
  }

  async createSubresource<A>(resource: Resource, name: ObjectName, subresource: string): Promise<A> {
    this.#existing(resource, name);
    throw new Error(`the fake API has no subresource ${subresource}`);
  }

  /** Discovery of the built-in resources, GET (one page with all) and DELETE of a collection in a namespace. */
  async request<A>(method: string, target: string): Promise<A> {
    const [path] = target.split("?");
    if (method === "GET" && (path === "/api" || path === "/apis")) return discovery(path === "/api") as A;
    const served = servedResources.find((one) => one.namespaced && path === resourcePath(one, namespaceOf(path)));
    if (method === "GET" && served !== undefined) {
      const items = this.all(served).filter(({ metadata }) => metadata.namespace === namespaceOf(path));
      return { items: items.slice(0, 1), metadata: { remainingItemCount: Math.max(0, items.length - 1) } } as A;
    }
    if (method !== "DELETE" || served === undefined) throw new Error(`the fake API does not answer ${method} ${path}`);
    for (const { metadata } of this.all(served))
      if (metadata.namespace === namespaceOf(path)) await this.delete(served, metadata);
    return {} as A;
  }

  #hook(verb: string, resource: Resource, object: { metadata: { name?: string } }): void {
    this.beforeWrite?.(verb, resource, object);
  }

  #collection(resource: Resource): Collection {
    const key = `${resource.group}/${resource.resource}`;
    let collection = this.#collections.get(key);
    if (collection === undefined) {
      collection = { revision: 0, objects: new Map(), listeners: new Set() };
      this.#collections.set(key, collection);
    }
    return collection;
  }

  #existing(resource: Resource, name: ObjectName): Stored {
    const object = this.#collection(resource).objects.get(keyOf({ metadata: name }));
    if (object === undefined) throw newNotFound(resource, name.name);
    return object;
  }

  #stored<T extends KubeObject>(resource: Resource<T>, object: Draft<T>): Stored {
    const copy = deepCopy(object) as unknown as Stored;
    const { metadata } = copy;
    if (!metadata.name && metadata.generateName)
      metadata.name = `${metadata.generateName}${this.#random.uuid().slice(0, 5)}`;
    copy.apiVersion = apiVersionOf(resource);
    copy.kind = resource.kind;
    metadata.uid ||= this.#random.uuid();
    metadata.creationTimestamp ||= timeText(this.#clock.now());
    metadata.generation ||= 1;
    if (resource.resource === "pods") copy.status ??= { phase: "Pending" };
    return copy;
  }

  #replace(resource: Resource, old: Stored, wanted: Stored, subresource: string | undefined): Stored {
    const next = deepCopy(wanted);
    const { uid, creationTimestamp, deletionTimestamp, generation = 1 } = old.metadata;
    Object.assign(next.metadata, { uid, creationTimestamp, generation });
    if (deletionTimestamp !== undefined) next.metadata.deletionTimestamp = deletionTimestamp;
    if (subresource === "status") {
      const { annotations } = next.metadata;
      const status = next.status;
      Object.assign(next, deepCopy(old), { status, metadata: { ...deepCopy(old.metadata), annotations } });
    } else if (subresource === undefined) {
      next.status = deepCopy(old.status);
      if (!semanticEqual(next.spec, old.spec)) next.metadata.generation = generation + 1;
    }
    if (semanticEqual(next, old)) return deepCopy(old);
    this.writes.push(`update ${resource.resource}${subresource ? `/${subresource}` : ""} ${next.metadata.name}`);
    const holders = [...(next.metadata.finalizers ?? []), ...(namespaceFinalizers(next) ?? [])];
    const waiting = deletionTimestamp !== undefined && holders.length === 0;
    if (waiting && (next.metadata.deletionGracePeriodSeconds ?? 0) === 0) {
      this.#remove(resource, next);
      return next;
    }
    return deepCopy(this.#commit(this.#collection(resource), "MODIFIED", next));
  }

  #commit(collection: Collection, type: "ADDED" | "MODIFIED", object: Stored): Stored {
    object.metadata.resourceVersion = String(++collection.revision);
    collection.objects.set(keyOf(object), object);
    for (const listener of collection.listeners) listener({ type, object: deepCopy(object) });
    return object;
  }

  /** What a kubelet does at the end of a pod's grace, and what takes off the last finalizer does. */
  #remove(resource: Resource, object: Stored): void {
    const collection = this.#collection(resource);
    const last = deepCopy(object);
    last.metadata.resourceVersion = String(++collection.revision);
    collection.objects.delete(keyOf(object));
    for (const listener of collection.listeners) listener({ type: "DELETED", object: last });
  }

  /** Removes at once, whatever finalizers and grace say. */
  remove(resource: Resource, name: ObjectName): void {
    this.#remove(resource, this.#existing(resource, name));
  }
}

function namespaceFinalizers(object: Stored): string[] | undefined {
  return object.kind === "Namespace" ? (object.spec as { finalizers?: string[] } | undefined)?.finalizers : undefined;
}

const servedResources = (Object.values(allResources) as Resource[]).filter(
  ({ group, resource }) => !group.startsWith("auth") && !["bindings", "componentstatuses"].includes(resource),
);

function namespaceOf(path: string): string {
  return /\/namespaces\/([^/]+)/.exec(path)?.[1] ?? "";
}

function discovery(core: boolean): unknown {
  const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
  const items = servedResources
    .filter(({ group }) => (group === "") === core)
    .map(({ group, version, resource, kind, namespaced }) => ({
      metadata: core ? {} : { name: group },
      versions: [
        {
          version,
          resources: [{ resource, responseKind: { kind }, scope: namespaced ? "Namespaced" : "Cluster", verbs }],
        },
      ],
    }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", items };
}

function conflict(resource: Resource, name: string): StatusError {
  return newConflict(resource, name, optimisticLockMessage);
}

/** A merge patch; with `strategic` the lists that controllers patch are merged: owners by uid, finalizers as a set. */
function merge(target: unknown, patch: unknown, strategic: boolean): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result = { ...(target as Record<string, unknown>) };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$deleteFromPrimitiveList/")) {
      const field = key.slice("$deleteFromPrimitiveList/".length);
      result[field] = ((result[field] as unknown[]) ?? []).filter((one) => !(value as unknown[]).includes(one));
    } else if (value === null) delete result[key];
    else if (strategic && key === "ownerReferences") result[key] = mergeOwners(result[key], value as Owner[]);
    else if (strategic && key === "finalizers")
      result[key] = [...new Set([...((result[key] as unknown[]) ?? []), ...(value as unknown[])])];
    else if (strategic && key === "conditions") result[key] = mergeByType(result[key], value as { type: string }[]);
    else result[key] = merge(result[key], value, strategic);
  }
  return result;
}

type Owner = { uid: string; $patch?: string };

function mergeOwners(current: unknown, patch: Owner[]): unknown {
  const owners = [...((current as Owner[]) ?? [])];
  for (const { $patch, ...owner } of patch) {
    const index = owners.findIndex((one) => one.uid === owner.uid);
    if ($patch === "delete") {
      if (index >= 0) owners.splice(index, 1);
    } else if (index >= 0) owners[index] = { ...owners[index], ...owner };
    else owners.push(owner);
  }
  return owners;
}

function mergeByType(current: unknown, patch: { type: string }[]): unknown {
  const list = [...((current as { type: string }[]) ?? [])];
  for (const one of patch) {
    const index = list.findIndex(({ type }) => type === one.type);
    if (index >= 0) list[index] = { ...list[index], ...one };
    else list.push(one);
  }
  return list;
}
