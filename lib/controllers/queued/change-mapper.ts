/** Changes of the store → wake-ups of controllers, by what each controller declares beside its reconciler. */
import { StatusError } from "../../apimachinery/errors.ts";
import type { KubeObject, Resource } from "../../apimachinery/meta.ts";
import type { CatchUpInformers } from "../../client/catch-up-informers.ts";
import type { Change, Source } from "../controller.ts";
import { ControllerSet, type ControllerSetOptions, type MadeController } from "./controller-set.ts";
import { collectionOf, type Wakeup } from "./messages.ts";
import { selectedChange } from "./selected-change.ts";
import { TracedInformers } from "./traced-informers.ts";

/** A change as the log tells it. */
export interface LoggedChange {
  readonly resource: Resource;
  readonly revision: number;
  /** The object after the change; absent of a deletion. */
  readonly object?: KubeObject;
  /**
   * The version before, of a deletion the last one. Absent of a creation, and where nobody knows any more: then it is
   * taken for one that has appeared.
   */
  readonly old?: KubeObject;
}

/** What a mapper is made with. */
export interface ChangeMapperOptions extends ControllerSetOptions {
  readonly cluster: string;
  readonly informers: CatchUpInformers;
  /** Changes that a controller need not hear of here, because somebody else sees to them. */
  readonly ignores?: (controller: string, resource: Resource) => boolean;
  /** Told where a controller can't say what a change means: a defect, which must not stop all other changes. */
  readonly onError?: (controller: string, change: LoggedChange, error: unknown) => void;
}

/** Events are no part of the graph of owners and dependents. */
const isEvent = ({ group, resource }: Resource) => resource === "events" && ["", "events.k8s.io"].includes(group);

/** The mapper of one cluster in one process. */
export class ChangeMapper {
  readonly #options: ChangeMapperOptions;
  readonly #informers: TracedInformers;
  readonly #set: ControllerSet;
  /** The resources whose copies are as new as the changes that are mapped now. */
  #fresh = new Set<string>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ChangeMapperOptions) {
    this.#options = options;
    this.#informers = new TracedInformers(options.informers);
    this.#set = new ControllerSet(options, this.#informers);
  }

  /**
   * The wake-ups for some changes: one a controller, key and collection, with the newest revision. Rejects where what
   * it takes to tell cannot be read; call it again then. `only` names one controller, of which alone is asked.
   */
  map(changes: readonly LoggedChange[], only?: string): Promise<Wakeup[]> {
    // One after the other: what is fresh holds for one call.
    const mapped = this.#running.then(() => this.#map(changes, only));
    this.#running = mapped.catch(() => {});
    return mapped;
  }

  async #map(changes: readonly LoggedChange[], only: string | undefined): Promise<Wakeup[]> {
    this.#fresh = new Set();
    const wakeups = new Map<string, Wakeup>();
    const asked = only === undefined ? this.#set.all() : [this.#set.get(only)].filter((one) => one !== undefined);
    for (const change of changes) {
      for (const made of asked) {
        for (const key of await this.#keys(made, change)) this.#add(wakeups, made.name, key, change);
      }
    }
    return [...wakeups.values()];
  }

  #add(wakeups: Map<string, Wakeup>, controller: string, key: string, { resource, revision }: LoggedChange): void {
    const collection = collectionOf(resource);
    const id = [controller, key, collection].join("\n");
    const known = wakeups.get(id)?.revision ?? 0;
    if (known >= revision) return;
    wakeups.set(id, { cluster: this.#options.cluster, controller, key, collection, revision });
  }

  async #keys({ name, controller }: MadeController, logged: LoggedChange): Promise<Set<string>> {
    const { ignores } = this.#options;
    const { resource, object, old } = logged;
    const change: Change = { ...(object === undefined ? {} : { object }), ...(old === undefined ? {} : { old }) };
    const keys = new Set<string>();
    if (ignores?.(name, resource)) return keys;
    for (const source of controller.sources) {
      if (collectionOf(source.resource) !== collectionOf(resource)) continue;
      const selected = selectedChange(change, source.query);
      if (selected === undefined) continue;
      for (const key of await this.#settled(name, logged, () => keysOf(source, selected))) keys.add(key);
    }
    if (controller.graphKeys === undefined || isEvent(resource)) return keys;
    const ask = async () => (await controller.graphKeys?.(resource, change)) ?? [];
    for (const key of await this.#settled(name, logged, ask)) keys.add(key);
    return keys;
  }

  /** Asks until all that was read for the answer is as new as the change. */
  async #settled(
    name: string,
    change: LoggedChange,
    ask: () => Promise<readonly string[]>,
  ): Promise<readonly string[]> {
    try {
      for (;;) {
        this.#informers.take();
        // What was thrown over old copies may not be over new ones.
        const answer = await ask().then(
          (keys) => ({ keys }),
          (error: unknown) => ({ error }),
        );
        const stale = this.#informers.take().filter((resource) => !this.#fresh.has(collectionOf(resource)));
        if (stale.length === 0) {
          if ("keys" in answer) return answer.keys;
          throw answer.error;
        }
        await this.#options.informers.catchUp(stale);
        for (const resource of stale) this.#fresh.add(collectionOf(resource));
      }
    } catch (error) {
      // What the server can't answer now, it can later; all other changes would wait for the rest in vain.
      if (!isDefect(error)) throw error;
      this.#options.onError?.(name, change, error);
      return [];
    }
  }
}

/** What a source's function throws is never the server's fault: it asks nobody. */
class KeysFailed extends Error {
  override name = "KeysFailed";
}

async function keysOf(source: Source, change: Change): Promise<readonly string[]> {
  try {
    return [...source.keys(change)];
  } catch (error) {
    throw new KeysFailed((error as Error).message, { cause: error });
  }
}

/** Whether it is the same however often it is asked: the program is wrong, or something is forbidden. */
function isDefect(error: unknown): boolean {
  if (error instanceof StatusError) {
    const { code = 500 } = error.status;
    return code >= 400 && code < 500 && !passing.has(code);
  }
  // A URIError: something names what no path can hold, half a surrogate pair.
  return [KeysFailed, TypeError, RangeError, ReferenceError, URIError].some((kind) => error instanceof kind);
}

/** Timeout, conflict, gone, too many requests. */
const passing = new Set([408, 409, 410, 429]);
