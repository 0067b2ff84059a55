/**
 * Runs a cluster's controllers for whoever is woken by a queue: reads what is new, reconciles one key, and sends on
 * what comes of it. One process may run many keys at once, but no key twice at once: that is the FIFO queue's
 * promise.
 */
import { isConflict } from "../../apimachinery/errors.ts";
import type { Resource } from "../../apimachinery/meta.ts";
import type { CatchUpInformers } from "../../client/catch-up-informers.ts";
import type { Result } from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { ChangeMapper } from "./change-mapper.ts";
import { ControllerSet, type ControllerSetOptions, type MadeController } from "./controller-set.ts";
import type { CreatedObjects } from "./created-objects.ts";
import { collectionOf, type DelayedWakeup, MalformedMessage, maxDelaySeconds, type Wakeup } from "./messages.ts";
import type { Wakeups } from "./wakeups.ts";

/** When nodes were last heard of, read anew before each run of a controller. */
export interface NodeHealth {
  /** Rejects where it cannot be read. */
  refresh(): Promise<void>;
  /** Of the Node with the uid, by the control plane's clock (ms); undefined where nothing is known. */
  lastHeard(node: string, uid: string): number | undefined;
}

/** What a runner is made with. */
export interface QueuedControllersOptions extends Omit<ControllerSetOptions, "lastHeard"> {
  readonly cluster: string;
  readonly informers: CatchUpInformers;
  readonly wakeups: Wakeups;
  readonly health?: NodeHealth;
  /**
   * Wakes whoever is concerned by what a run creates at once, under the ids that the stream's wake-ups have. What fails
   * of it the stream does.
   */
  readonly ahead?: { readonly created: CreatedObjects; readonly mapper: ChangeMapper };
  /** Told of every reconcile that failed and will be tried again, but not of conflicts and of namespaces that end. */
  readonly onError?: (controller: string, key: string, error: unknown) => void;
}

/**
 * What has become of a wake-up: reconciled; not needed, since an earlier run has seen its change; to be tried again.
 */
export type Outcome = "reconciled" | "covered" | "retried";

/** Who must know when nodes were heard of. */
const readsHealth = new Set(["node-lifecycle-controller"]);

/** A conflict means that something is newer than what was read: it is read again, so often at most. */
const maxConflicts = 3;
const baseRetryMs = 1_000;
/** Computing the same due time twice gives times that differ by a little. */
const dueSlackMs = 100;
/** So much earlier than it is due by the clock of this machine may a wake-up come: other machines' clocks differ. */
const earlyMs = 2_000;
/** So many keys are remembered. */
const keyLimit = 10_000;

/** The controllers of one cluster in one process. */
export class QueuedControllers {
  readonly #options: QueuedControllersOptions;
  readonly #set: ControllerSet;
  /** How far each key's last successful run had read, by collection. */
  readonly #covered = new BoundedMap<string, ReadonlyMap<string, number>>(keyLimit);
  /** When each key is woken without a change, as far as this process has asked for it. */
  readonly #due = new BoundedMap<string, number>(keyLimit);

  constructor(options: QueuedControllersOptions) {
    this.#options = options;
    const { health } = options;
    const lastHeard =
      health === undefined ? {} : { lastHeard: (node: string, uid: string) => health.lastHeard(node, uid) };
    const { ahead } = options;
    const client = (name: string) => ahead?.created.noting(options.client(name)) ?? options.client(name);
    this.#set = new ControllerSet({ ...options, client, ...lastHeard }, options.informers);
  }

  /**
   * Does what a wake-up asks for. A reconcile that fails is no failure here: it is sent on as a retry. Throws
   * MalformedMessage for a controller or a cluster that is not served; rejects where nothing can be sent.
   */
  async run(wakeup: Wakeup): Promise<Outcome> {
    const { cluster, wakeups, clock, onError } = this.#options;
    if (wakeup.cluster !== cluster) throw new MalformedMessage("the cluster is another one");
    const made = this.#set.get(wakeup.controller);
    if (made === undefined) throw new MalformedMessage("there is no controller of that name");
    const id = idOf(wakeup);
    if (this.#isCovered(id, wakeup)) return "covered";
    this.#forgetDue(id, wakeup);
    let result: Result;
    let read: ReadonlyMap<string, number>;
    try {
      ({ result, read } = await this.#reconcile(made, wakeup));
    } catch (error) {
      this.#covered.delete(id);
      if (!isConflict(error) && !isNamespaceTerminating(error)) onError?.(wakeup.controller, wakeup.key, error);
      await wakeups.later(retryOf(wakeup, clock.now()));
      return "retried";
    }
    if (result.requeueAfterMs !== undefined) await this.#requeue(wakeup, id, result.requeueAfterMs);
    // Only now: where the wake-up of later could not be sent, this one comes again and must run again.
    this.#covered.set(id, read);
    await this.#goAhead(wakeup);
    return "reconciled";
  }

  async #goAhead({ controller, key }: Wakeup): Promise<void> {
    const { ahead, wakeups, onError } = this.#options;
    const changes = ahead?.created.take() ?? [];
    if (ahead === undefined || changes.length === 0) return;
    try {
      await wakeups.now(await ahead.mapper.map(changes));
    } catch (error) {
      onError?.(controller, key, error);
    }
  }

  /**
   * The wake-up may be the one that was asked for. One that comes much earlier is another process's: it leads to none
   * of its own, since the one that was asked for here is still to come. So what several processes have asked for
   * becomes one.
   */
  #forgetDue(id: string, { collection }: Wakeup): void {
    const asked = this.#due.get(id);
    if (collection !== undefined || asked === undefined) return;
    if (asked - this.#options.clock.now() <= earlyMs) this.#due.delete(id);
  }

  /** Resolves when the Events recorded so far are written or dropped: call it before the process may be frozen. */
  flush(): Promise<void> {
    return this.#set.flush();
  }

  #isCovered(id: string, { collection, revision }: Wakeup): boolean {
    if (collection === undefined || revision === undefined) return false;
    return (this.#covered.get(id)?.get(collection) ?? 0) >= revision;
  }

  /** Gives what the run says, and how far it had read. */
  async #reconcile(
    { name, controller, resources }: MadeController,
    { key }: Wakeup,
  ): Promise<{ result: Result; read: ReadonlyMap<string, number> }> {
    const { informers, health } = this.#options;
    for (let conflicts = 0; ; conflicts++) {
      const fresh = readsHealth.has(name) ? health?.refresh() : undefined;
      await Promise.all([informers.catchUp(resources), fresh]);
      const read = this.#positions(resources);
      try {
        const result = await controller.reconcile(key);
        return { result: result ?? {}, read };
      } catch (error) {
        if (!isConflict(error) || conflicts === maxConflicts) throw error;
      }
    }
  }

  #positions(resources: readonly Resource[]): ReadonlyMap<string, number> {
    const { informers } = this.#options;
    return new Map(resources.map((resource) => [collectionOf(resource), informers.revision(resource)]));
  }

  /**
   * Asks for a wake-up later, unless one that comes no later is on its way: its run will ask again. Else every change
   * would leave one more chain of wake-ups behind.
   */
  async #requeue({ cluster, controller, key }: Wakeup, id: string, afterMs: number): Promise<void> {
    const { wakeups, clock } = this.#options;
    const now = clock.now();
    const dueAt = now + Math.max(0, afterMs);
    const asked = this.#due.get(id);
    if (asked !== undefined && asked > now && asked <= dueAt + dueSlackMs) return;
    await wakeups.later({ cluster, controller, key, dueAt });
    this.#due.set(id, dueAt);
  }
}

/** A wake-up that failed, once more: after 1 s, twice as long each time, 15 minutes at most. */
export function retryOf({ cluster, controller, key, attempt = 0 }: Wakeup, now: number): DelayedWakeup {
  const afterMs = Math.min(baseRetryMs * 2 ** attempt, maxDelaySeconds * 1000);
  return { cluster, controller, key, attempt: attempt + 1, dueAt: now + afterMs };
}

function idOf({ controller, key }: Wakeup): string {
  return `${controller} ${key}`;
}
