/** Runs controllers in this process: informers feed work queues (the cloud's composition has SQS in their place). */
import { isConflict } from "../apimachinery/errors.ts";
import type { Resource } from "../apimachinery/meta.ts";
import type { Informers } from "../client/informer.ts";
import type { Change, Controller, ControllerEntry } from "../controllers/controller.ts";
import { type ControllerParts, makeController } from "../controllers/made-controller.ts";
import { isNamespaceTerminating } from "../controllers/namespace-terminating.ts";
import { WorkQueue } from "../controllers/work-queue.ts";
import type { InformerGraph } from "./object-graph.ts";

/** What controllers run with. */
export interface RunControllersOptions extends ControllerParts {
  readonly informers: Informers;
  readonly graph: InformerGraph;
  readonly controllers: readonly ControllerEntry[];
  /** Told of every reconcile that failed and will be tried again, but not of conflicts and of namespaces that end. */
  readonly onError?: (controller: string, key: string, error: unknown) => void;
}

/** Controllers that run. */
export interface RunningControllers {
  /** Resolves when all controllers have their informers and work. */
  readonly started: Promise<void>;
  /** Whether no controller has anything to do now; delayed keys don't count. */
  idle(): boolean;
  /** Ends them: what is being reconciled is finished. Informers go on. */
  stop(): Promise<void>;
}

const defaultWorkers = 5;

/** Starts the controllers, each as soon as its informers are synced. */
export function runControllers(options: RunControllersOptions): RunningControllers {
  const running = options.controllers.map((entry) => new Runner(entry, options));
  return {
    started: Promise.all(running.map((runner) => runner.started)).then(() => {}),
    idle: () => running.every((runner) => runner.idle),
    async stop() {
      await Promise.all(running.map((runner) => runner.stop()));
    },
  };
}

class Runner {
  readonly started: Promise<void>;
  readonly #queue: WorkQueue;
  readonly #controller: Controller;
  readonly #onError: (key: string, error: unknown) => void;
  readonly #flush: () => Promise<void>;
  #workers: Promise<void>[] = [];
  #stopped = false;

  constructor(entry: ControllerEntry, options: RunControllersOptions) {
    const { informers, graph, clock, onError } = options;
    const made = makeController(entry, options, informers);
    this.#controller = made.controller;
    this.#flush = () => made.events.flush();
    this.#onError = (key, error) => onError?.(entry.name, key, error);
    this.#queue = new WorkQueue(clock);
    for (const { resource, keys, query } of this.#controller.sources) {
      informers.get(resource, query).onChange((change: Change) => this.#enqueue(keys(change)));
    }
    const ready = [...made.informers.keys()].map((informer) => informer.synced);
    if (this.#controller.graphKeys !== undefined) {
      graph.onChange(
        (resource, change) => void this.#enqueueGraphKeys(resource, change).catch((error) => this.#onError("", error)),
      );
      ready.push(graph.synced);
    }
    this.started = this.#start(ready, entry.workers ?? defaultWorkers);
  }

  get idle(): boolean {
    return this.#queue.idle;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.close();
    await Promise.all(this.#workers);
    await this.#flush();
  }

  #enqueue(keys: Iterable<string>): void {
    if (this.#stopped) return;
    for (const key of keys) this.#queue.add(key);
  }

  async #enqueueGraphKeys(resource: Resource, change: Change): Promise<void> {
    const keys = await this.#controller.graphKeys?.(resource, change);
    this.#enqueue(keys ?? []);
  }

  async #start(ready: readonly Promise<void>[], workers: number): Promise<void> {
    await Promise.all(ready);
    if (this.#stopped) return;
    this.#workers = Array.from({ length: workers }, () => this.#work());
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      if (!this.#stopped) await this.#reconcile(key);
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string): Promise<void> {
    try {
      const result = await this.#controller.reconcile(key);
      this.#queue.forget(key);
      const { requeueAfterMs, pollAfterMs } = result ?? {};
      for (const afterMs of [requeueAfterMs, pollAfterMs]) {
        if (afterMs !== undefined) this.#queue.addAfter(key, afterMs);
      }
    } catch (error) {
      if (!isConflict(error) && !isNamespaceTerminating(error)) this.#onError(key, error);
      this.#queue.addRateLimited(key);
    }
  }
}

/**
 * Reads --controllers as kube-controller-manager does: `*` all, `name` that one, `-name` not that one; ours besides,
 * `-*`
 * none. What is named wins over `*`. Gives the selected of `all`. Throws an Error that names an unknown controller.
 */
export function selectControllers(list: string, all: readonly string[]): Set<string> {
  const items = list.split(",").map((item) => item.trim());
  const known = new Set([...all, "*"]);
  for (const item of items) {
    const name = item.replace(/^-/, "");
    if (!known.has(name)) throw new Error(`"${name}" is not in the list of known controllers: ${all.join(", ")}`);
  }
  const everything = items.includes("*");
  return new Set(all.filter((name) => items.includes(name) || (everything && !items.includes(`-${name}`))));
}
