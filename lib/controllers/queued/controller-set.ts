/** A cluster's controllers, each made when it is first needed, with note of which resources it reads. */
import type { Clock, Random } from "../../apimachinery/clock.ts";
import type { KubeObject, Resource } from "../../apimachinery/meta.ts";
import { type ClientEventRecorder, createEventRecorder } from "../../client/event-recorder.ts";
import type { InformerQuery, Informers } from "../../client/informer.ts";
import type { Client } from "../../client/interface.ts";
import type { Controller, ControllerContext, ControllerEntry } from "../controller.ts";
import type { ObjectGraph } from "../object-graph.ts";
import { collectionOf } from "./messages.ts";

/** What controllers are made with. */
export interface ControllerSetOptions {
  /** The scheduler is one of them. */
  readonly controllers: readonly ControllerEntry[];
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

/** A controller and what it reads. */
export interface MadeController {
  /** As in the list of all. */
  readonly name: string;
  readonly controller: Controller;
  /** Each once, whatever the queries. */
  readonly resources: readonly Resource[];
}

/** The controllers of one cluster in this process. */
export class ControllerSet {
  readonly #options: ControllerSetOptions;
  readonly #informers: Informers;
  readonly #made = new Map<string, MadeController>();
  readonly #recorders: ClientEventRecorder[] = [];

  constructor(options: ControllerSetOptions, informers: Informers) {
    this.#options = options;
    this.#informers = informers;
  }

  /** The controller of that name; undefined where there is none. */
  get(name: string): MadeController | undefined {
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    const entry = this.#options.controllers.find((one) => one.name === name);
    return entry === undefined ? undefined : this.#make(entry);
  }

  /** All of them. */
  all(): MadeController[] {
    return this.#options.controllers.map((entry) => this.#made.get(entry.name) ?? this.#make(entry));
  }

  /** Resolves when the Events recorded so far are written or dropped. */
  async flush(): Promise<void> {
    await Promise.all(this.#recorders.map((recorder) => recorder.flush()));
  }

  #make(entry: ControllerEntry): MadeController {
    const { client, graph, clock, random, rootCertificate, maxWriteDelayMs, lastHeard } = this.#options;
    const own = client(entry.name);
    const events = createEventRecorder(own, { component: entry.component ?? entry.name }, clock);
    this.#recorders.push(events);
    const resources = new Map<string, Resource>();
    const informers: Informers = {
      get: <T extends KubeObject>(resource: Resource<T>, query?: InformerQuery) => {
        resources.set(collectionOf(resource), resource as unknown as Resource);
        return this.#informers.get(resource, query);
      },
      stop: () => this.#informers.stop(),
    };
    const context: ControllerContext = {
      client: own,
      informers,
      events,
      graph,
      clock,
      random,
      rootCertificate,
      ...(maxWriteDelayMs === undefined ? {} : { maxWriteDelayMs }),
      ...(lastHeard === undefined ? {} : { lastHeard }),
    };
    const controller = entry.create(context);
    for (const { resource, query } of controller.sources) informers.get(resource, query);
    const made = { name: entry.name, controller, resources: [...resources.values()] };
    this.#made.set(entry.name, made);
    return made;
  }
}
