/** Makes a controller with its context, with note of what it reads: the same in one process and in the cloud. */
import type { Clock, Random } from "../apimachinery/clock.ts";
import type { KubeObject, Resource } from "../apimachinery/meta.ts";
import { type ClientEventRecorder, createEventRecorder } from "../client/event-recorder.ts";
import type { Informer, InformerQuery, Informers } from "../client/informer.ts";
import type { Client } from "../client/interface.ts";
import type { Controller, ControllerContext, ControllerEntry } from "./controller.ts";
import type { ObjectGraph } from "./object-graph.ts";

/** What all controllers of a cluster are made with. */
export interface ControllerParts {
  /** A client for a controller of that name: each acts as a user of its own. */
  readonly client: (name: string) => Client;
  readonly graph: ObjectGraph;
  readonly clock: Clock;
  readonly random: Random;
  /** The cluster's CA in PEM; empty where its certificate is one that all trust. */
  readonly rootCertificate: string;
  readonly maxWriteDelayMs?: number;
  readonly lastHeard?: (node: string, uid: string) => number | undefined;
}

/** A controller, and what it was given or took. */
export interface MadeController {
  readonly controller: Controller;
  readonly events: ClientEventRecorder;
  /** The informers of its sources and of what else it asked for while it was made, each once. */
  readonly informers: ReadonlyMap<Informer<KubeObject>, Resource>;
}

/** Makes the controller of an entry, which reads from `informers`. Throws what its factory throws. */
export function makeController(entry: ControllerEntry, parts: ControllerParts, informers: Informers): MadeController {
  const { graph, clock, random, rootCertificate, maxWriteDelayMs, lastHeard } = parts;
  const client = parts.client(entry.name);
  const events = createEventRecorder(client, { component: entry.component ?? entry.name }, clock);
  const used = new Map<Informer<KubeObject>, Resource>();
  const noted: Informers = {
    get<T extends KubeObject>(resource: Resource<T>, query?: InformerQuery) {
      const informer = informers.get(resource, query);
      used.set(informer as unknown as Informer<KubeObject>, resource as unknown as Resource);
      return informer;
    },
    stop: () => informers.stop(),
  };
  const context: ControllerContext = {
    client,
    informers: noted,
    events,
    graph,
    clock,
    random,
    rootCertificate,
    ...(maxWriteDelayMs === undefined ? {} : { maxWriteDelayMs }),
    ...(lastHeard === undefined ? {} : { lastHeard }),
  };
  const controller = entry.create(context);
  for (const { resource, query } of controller.sources) noted.get(resource, query);
  return { controller, events, informers: new Map(used) };
}
