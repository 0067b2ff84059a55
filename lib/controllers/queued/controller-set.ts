/** A cluster's controllers, each made when it is first needed, with note of which resources it reads. */
import type { Resource } from "../../apimachinery/meta.ts";
import type { ClientEventRecorder } from "../../client/event-recorder.ts";
import type { Informers } from "../../client/informer.ts";
import type { Controller, ControllerEntry } from "../controller.ts";
import { type ControllerParts, makeController } from "../made-controller.ts";
import { collectionOf } from "./messages.ts";

/** What controllers are made with. */
export interface ControllerSetOptions extends ControllerParts {
  /** The scheduler is one of them. */
  readonly controllers: readonly ControllerEntry[];
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
    const { controller, events, informers } = makeController(entry, this.#options, this.#informers);
    this.#recorders.push(events);
    const resources = new Map([...informers.values()].map((resource) => [collectionOf(resource), resource]));
    const made = { name: entry.name, controller, resources: [...resources.values()] };
    this.#made.set(entry.name, made);
    return made;
  }
}
