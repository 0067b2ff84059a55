/** The object graph of this process: an informer of metadata for every resource that the server serves. */
import { type Clock, systemClock } from "../apimachinery/clock.ts";
import { type KubeObject, parseApiVersion, type Resource } from "../apimachinery/meta.ts";
import { discoverResources } from "../client/discovery.ts";
import type { Informer, Informers } from "../client/informer.ts";
import type { Client } from "../client/interface.ts";
import type { Change } from "../controllers/controller.ts";
import type { GraphObject, ObjectGraph, OwnerName } from "../controllers/object-graph.ts";

/** What is called for every change of any object. */
export type GraphHandler = (resource: Resource, change: Change) => void;

/** A graph that grows when resources are added to the server. */
export interface InformerGraph extends ObjectGraph {
  /**
   * Resolves when the resources have been discovered, which is tried until it works, and their informers are synced.
   */
  readonly synced: Promise<void>;
  onChange(handler: GraphHandler): void;
  /** Looks for new resources: call it when a CustomResourceDefinition has changed. */
  refresh(): Promise<void>;
}

/** What a graph is made with. */
export interface ObjectGraphOptions {
  readonly client: Client;
  /** Those that somebody else uses are shared. */
  readonly informers: Informers;
  readonly clock?: Clock;
  /** Ends the first discovery's attempts. */
  readonly signal?: AbortSignal;
  /** Told of failed attempts. */
  readonly onError?: (error: unknown) => void;
}

const retryMs = 1000;
const needed = ["list", "watch", "delete"];

/** Builds the graph. */
export function createObjectGraph(options: ObjectGraphOptions): InformerGraph {
  return new Graph(options);
}

class Graph implements InformerGraph {
  readonly synced: Promise<void>;
  readonly #client: Client;
  readonly #informers: Informers;
  readonly #handlers: GraphHandler[] = [];
  readonly #known = new Map<string, { resource: Resource; informer: Informer<KubeObject> }>();
  readonly #kinds = new Map<string, Resource>();

  constructor(options: ObjectGraphOptions) {
    this.#client = options.client;
    this.#informers = options.informers;
    this.synced = this.#begin(options);
  }

  async #begin({ clock = systemClock, signal, onError }: ObjectGraphOptions): Promise<void> {
    while (!signal?.aborted) {
      try {
        await this.refresh();
        return;
      } catch (error) {
        onError?.(error);
        await clock.sleep(retryMs, signal);
      }
    }
  }

  onChange(handler: GraphHandler): void {
    this.#handlers.push(handler);
    for (const { resource, informer } of this.#known.values()) {
      for (const object of informer.list()) handler(resource, { object });
    }
  }

  async refresh(): Promise<void> {
    const served = await discoverResources(this.#client);
    const waiting: Promise<void>[] = [];
    for (const { verbs, ...resource } of served) {
      const key = `${resource.group}/${resource.resource}`;
      const isEvent = resource.resource === "events" && ["", "events.k8s.io"].includes(resource.group);
      if (isEvent || this.#known.has(key) || !needed.every((verb) => verbs.includes(verb))) continue;
      waiting.push(this.#add(key, resource));
    }
    await Promise.all(waiting);
  }

  #add(key: string, resource: Resource): Promise<void> {
    const informer = this.#informers.get<KubeObject>(resource, { metadataOnly: true });
    informer.addIndex("uid", ({ metadata }) => [metadata.uid]);
    informer.addIndex("owner", ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid));
    this.#known.set(key, { resource, informer });
    this.#kinds.set(`${resource.group}/${resource.kind}`, resource);
    informer.onChange((change) => {
      for (const handler of this.#handlers) handler(resource, change);
    });
    return informer.synced;
  }

  async find({ uid }: OwnerName): Promise<GraphObject | undefined> {
    for (const { resource, informer } of this.#known.values()) {
      const [object] = informer.byIndex("uid", uid);
      if (object !== undefined) return { resource, object };
    }
    return undefined;
  }

  async dependents(uid: string): Promise<GraphObject[]> {
    const found: GraphObject[] = [];
    for (const { resource, informer } of this.#known.values()) {
      for (const object of informer.byIndex("owner", uid)) found.push({ resource, object });
    }
    return found;
  }

  async hasObjects(resource: Resource, namespace: string): Promise<boolean> {
    const known = this.#known.get(`${resource.group}/${resource.resource}`);
    return (known?.informer.list(namespace).length ?? 0) > 0;
  }

  async resourceOf(apiVersion: string, kind: string): Promise<Resource | undefined> {
    return this.#kinds.get(`${parseApiVersion(apiVersion)?.group}/${kind}`);
  }

  async resource(group: string, plural: string): Promise<Resource | undefined> {
    return this.#known.get(`${group}/${plural}`)?.resource;
  }
}
