/**
 * The object graph without a copy of everything: owners are looked up where they are named, dependents through the
 * store's index by owner, both at the server.
 */
import type { Clock } from "../../apimachinery/clock.ts";
import { isNotFound } from "../../apimachinery/errors.ts";
import { type KubeObject, parseApiVersion, type Resource, splitKey } from "../../apimachinery/meta.ts";
import { discoverResources, type ServedResource } from "../../client/discovery.ts";
import type { Client } from "../../client/interface.ts";
import { metadataOf } from "../../client/shared-informers.ts";
import type { GraphObject, ObjectGraph, OwnerName } from "../object-graph.ts";

/** An object of the store: its collection and `namespace/name`. */
export interface StoredName {
  readonly group: string;
  readonly resource: string;
  readonly key: string;
}

/** What a graph is made with. */
export interface LiveObjectGraphOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** The store's index: what names the uid in its ownerReferences. */
  readonly ownedBy: (uid: string) => Promise<readonly StoredName[]>;
}

/** How long the server's list of resources is believed where it lacks what is asked for. */
const discoveryMs = 10_000;
/** So many dependents are read at once. */
const parallel = 16;
const needed = ["list", "watch", "delete"];

/** Makes the graph. Nothing is read before the first question. */
export function createLiveObjectGraph(options: LiveObjectGraphOptions): ObjectGraph {
  return new LiveObjectGraph(options);
}

class LiveObjectGraph implements ObjectGraph {
  readonly #options: LiveObjectGraphOptions;
  #resources: readonly Resource[] = [];
  #discoveredAt = Number.NEGATIVE_INFINITY;

  constructor(options: LiveObjectGraphOptions) {
    this.#options = options;
  }

  async find({ apiVersion, kind, name, uid }: OwnerName, namespace: string | undefined) {
    const resource = await this.resourceOf(apiVersion, kind);
    if (resource === undefined || (resource.namespaced && namespace === undefined)) return undefined;
    const object = await this.#live(resource, { namespace: namespace ?? "", name });
    return object?.metadata.uid === uid ? { resource, object } : undefined;
  }

  async dependents(uid: string): Promise<GraphObject[]> {
    const names = await this.#options.ownedBy(uid);
    const found: GraphObject[] = [];
    for (let from = 0; from < names.length; from += parallel) {
      const some = await Promise.all(names.slice(from, from + parallel).map((name) => this.#dependent(name, uid)));
      for (const one of some) if (one !== undefined) found.push(one);
    }
    return found;
  }

  async hasObjects(resource: Resource, namespace: string): Promise<boolean> {
    const { items } = await this.#options.client.list(resource, { namespace, limit: 1 });
    return items.length > 0;
  }

  async resourceOf(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const group = parseApiVersion(apiVersion)?.group;
    return this.#find((one) => one.group === group && one.kind === kind);
  }

  async resource(group: string, plural: string): Promise<Resource | undefined> {
    return this.#find((one) => one.group === group && one.resource === plural);
  }

  async #dependent({ group, resource: plural, key }: StoredName, uid: string): Promise<GraphObject | undefined> {
    const resource = await this.resource(group, plural);
    const object = resource === undefined ? undefined : await this.#live(resource, splitKey(key));
    if (resource === undefined || object === undefined) return undefined;
    // Another one of that name by now, or the owner was taken out of it.
    const owned = object.metadata.ownerReferences?.some((one) => one.uid === uid) ?? false;
    return owned ? { resource, object } : undefined;
  }

  async #live(resource: Resource, { namespace, name }: { namespace: string; name: string }) {
    try {
      const object = await this.#options.client.get<KubeObject>(
        resource,
        resource.namespaced ? { namespace, name } : { name },
      );
      return metadataOf(object);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #find(is: (resource: Resource) => boolean): Promise<Resource | undefined> {
    const known = this.#resources.find(is);
    if (known !== undefined) return known;
    const now = this.#options.clock.now();
    if (now - this.#discoveredAt < discoveryMs) return undefined;
    this.#resources = (await discoverResources(this.#options.client)).filter(isGraphed).map(plain);
    this.#discoveredAt = now;
    return this.#resources.find(is);
  }
}

function isGraphed({ group, resource, verbs }: ServedResource): boolean {
  const isEvent = resource === "events" && (group === "" || group === "events.k8s.io");
  return !isEvent && needed.every((verb) => verbs.includes(verb));
}

function plain({ verbs: _, ...resource }: ServedResource): Resource {
  return resource;
}
