/**
 * Looks for what the garbage collector and the namespace controller were not woken for: dependents whose owners are
 * gone, objects of namespaces that are gone. Reads everything, so it is done seldom, and only where something has
 * changed.
 */
import type { KubeObject, Resource } from "../../apimachinery/meta.ts";
import type { Client } from "../../client/interface.ts";
import { metadataOf } from "../../client/shared-informers.ts";
import type { ObjectGraph, OwnerName } from "../object-graph.ts";
import type { ChangeMapper, LoggedChange } from "./change-mapper.ts";
import type { CollectionName } from "./logged-change.ts";
import { collectionOf, type Wakeup } from "./messages.ts";
import type { ResyncPositions, ResyncProgress } from "./resync.ts";

/** What it is made with. */
export interface GraphResyncOptions {
  /** May list everything. */
  readonly client: Client;
  readonly graph: Pick<ObjectGraph, "resource">;
  /** Of a graph that is a `RememberingGraph`, so that no owner is asked for twice in a pass. */
  readonly mapper: ChangeMapper;
  /** Those that look at the graph, by their names. */
  readonly controllers: readonly string[];
  readonly collections: () => Promise<readonly CollectionName[]>;
  /** Their newest revisions, or what those were a moment before: then the next pass sees the rest. */
  readonly glance: (collections: readonly CollectionName[]) => Promise<readonly number[]>;
  readonly progress: ResyncProgress;
  readonly send: (wakeups: readonly Wakeup[]) => Promise<void>;
}

const pageSize = 500;
/** They change all the time, and own nothing that matters. */
const restless = new Set(["/events", "/nodes", "coordination.k8s.io/leases"]);

/** The pass over one cluster's objects. */
export class GraphResync {
  readonly #options: GraphResyncOptions;

  constructor(options: GraphResyncOptions) {
    this.#options = options;
  }

  /**
   * One pass, if anything has changed since the last. Gives how many wake-ups were sent. Rejects as it reads and
   * sends.
   */
  async run(): Promise<number> {
    const { collections, glance, progress } = this.#options;
    const all = (await collections()).filter((one) => !restless.has(collectionOf(one)));
    const revisions = await glance(all);
    const newest = Object.fromEntries(all.map((one, index) => [collectionOf(one), revisions[index]]));
    const known: ResyncPositions = await progress.load();
    if (Object.entries(newest).every(([name, at]) => (known[name] ?? 0) >= at)) return 0;
    let sent = 0;
    for (const one of all) sent += await this.#collection(one, newest[collectionOf(one)]);
    await progress.save(newest);
    return sent;
  }

  async #collection({ group, resource: plural }: CollectionName, revision: number): Promise<number> {
    const { client, graph, mapper, controllers, send } = this.#options;
    const resource = await graph.resource(group, plural);
    if (resource === undefined) return 0;
    let sent = 0;
    for (let next: string | undefined; ; ) {
      const page = await client.list(resource, { limit: pageSize, ...(next === undefined ? {} : { continue: next }) });
      const changes = page.items.map((object) => appeared(resource, object, revision));
      for (const controller of controllers) {
        // Without a cause: an earlier run for the same change may be what was lost.
        const wakeups = (await mapper.map(changes, controller)).map(({ collection: _, revision: __, ...rest }) => rest);
        await send(wakeups);
        sent += wakeups.length;
      }
      next = page.continue;
      if (!next) return sent;
    }
  }
}

function appeared(resource: Resource, object: KubeObject, revision: number): LoggedChange {
  return { resource, revision, object: metadataOf(object) };
}

/** A graph that asks for each owner once, until it is told to forget. */
export class RememberingGraph implements ObjectGraph {
  readonly #graph: ObjectGraph;
  #found = new Map<string, ReturnType<ObjectGraph["find"]>>();

  constructor(graph: ObjectGraph) {
    this.#graph = graph;
  }

  forget(): void {
    this.#found = new Map();
  }

  find(owner: OwnerName, namespace: string | undefined): ReturnType<ObjectGraph["find"]> {
    const { apiVersion, kind, name, uid } = owner;
    const place = [namespace ?? "", apiVersion, kind, name, uid].join(" ");
    let found = this.#found.get(place);
    if (found === undefined) {
      found = this.#graph.find(owner, namespace);
      this.#found.set(place, found);
      found.catch(() => this.#found.delete(place));
    }
    return found;
  }

  dependents(uid: string): ReturnType<ObjectGraph["dependents"]> {
    return this.#graph.dependents(uid);
  }

  hasObjects(resource: Resource, namespace: string): Promise<boolean> {
    return this.#graph.hasObjects(resource, namespace);
  }

  resourceOf(apiVersion: string, kind: string): Promise<Resource | undefined> {
    return this.#graph.resourceOf(apiVersion, kind);
  }

  resource(group: string, plural: string): Promise<Resource | undefined> {
    return this.#graph.resource(group, plural);
  }
}
