/**
 * Wakes keys whose wake-up may have been lost: a second, slow reader of all changes. Where nothing has changed since
 * the last look, nothing can have been lost, and nothing is read but a revision.
 */
import type { KubeObject, Resource } from "../../apimachinery/meta.ts";
import type { CatchUpInformers } from "../../client/catch-up-informers.ts";
import type { ChangeMapper } from "./change-mapper.ts";
import { collectionOf, type Wakeup } from "./messages.ts";

/** Up to which revision each controller was looked at, by `controller group/resource`. */
export type ResyncPositions = Readonly<Record<string, number>>;

/** Where the positions are kept between processes. */
export interface ResyncProgress {
  load(): Promise<ResyncPositions>;
  save(positions: ResyncPositions): Promise<void>;
}

/** A controller and what it looks at. */
export interface Resynced {
  readonly name: string;
  readonly sources: readonly { readonly resource: Resource }[];
}

/** What a resync is made with. */
export interface ResyncOptions {
  readonly controllers: readonly Resynced[];
  readonly informers: CatchUpInformers;
  readonly mapper: ChangeMapper;
  /** The newest revision of a collection. */
  readonly revision: (resource: Resource) => Promise<number>;
  readonly progress: ResyncProgress;
  /** Takes the wake-ups of one controller; what it takes counts as done. */
  readonly send: (wakeups: readonly Wakeup[]) => Promise<void>;
}

/** So many parts make a whole: each minute one. */
export const resyncParts = 10;

/** The resync of one cluster in one process. */
export class Resync {
  readonly #options: ResyncOptions;
  readonly #buffers = new Map<string, ChangeBuffer>();
  #positions: Record<string, number> | undefined;

  constructor(options: ResyncOptions) {
    this.#options = options;
  }

  /**
   * Looks at every tenth controller. Gives how many wake-ups were sent. Rejects where something can't be read or
   * sent.
   */
  async run(part: number): Promise<number> {
    const { controllers, progress } = this.#options;
    this.#positions ??= { ...(await progress.load()) };
    let sent = 0;
    for (const [index, controller] of controllers.entries()) {
      if (index % resyncParts === part % resyncParts) sent += await this.#controller(controller, this.#positions);
    }
    return sent;
  }

  async #controller({ name, sources }: Resynced, positions: Record<string, number>): Promise<number> {
    const { informers, mapper, progress, revision, send } = this.#options;
    const resources = [...new Map(sources.map(({ resource }) => [collectionOf(resource), resource])).values()];
    const newest = await Promise.all(resources.map(revision));
    const placeOf = (resource: Resource) => `${name} ${collectionOf(resource)}`;
    if (resources.every((resource, index) => (positions[placeOf(resource)] ?? 0) >= newest[index])) return 0;
    const buffers = resources.map((resource) => this.#buffer(placeOf(resource), resource));
    await informers.catchUp(resources);
    const taken = buffers.map((buffer) => buffer.take());
    const logged = (change: Change, index: number) => ({
      resource: resources[index],
      revision: newest[index],
      ...change,
    });
    let wakeups: Wakeup[];
    try {
      wakeups = await mapper.map(
        taken.flatMap((changes, index) => changes.map((one) => logged(one, index))),
        name,
      );
      await send(wakeups);
    } catch (error) {
      for (const [index, buffer] of buffers.entries()) buffer.putBack(taken[index]);
      throw error;
    }
    for (const [index, resource] of resources.entries()) positions[placeOf(resource)] = newest[index];
    await progress.save(positions);
    return wakeups.length;
  }

  #buffer(place: string, resource: Resource): ChangeBuffer {
    let buffer = this.#buffers.get(place);
    if (buffer === undefined) {
      buffer = new ChangeBuffer();
      this.#buffers.set(place, buffer);
      const { add } = buffer;
      this.#options.informers.get(resource).onChange(add);
    }
    return buffer;
  }
}

/** The changes of a collection since the last look, one an object: from how it was then to how it is. */
class ChangeBuffer {
  #changes = new Map<string, Change>();

  readonly add = (change: Change): void => {
    const uid = uidOf(change);
    const first = this.#changes.get(uid);
    const old = first === undefined ? change.old : first.old;
    // Come and gone since: of a deletion the last state is told.
    if (change.object === undefined) this.#changes.set(uid, { old: old ?? change.old });
    else this.#changes.set(uid, old === undefined ? { object: change.object } : { object: change.object, old });
  };

  take(): Change[] {
    const taken = [...this.#changes.values()];
    this.#changes = new Map();
    return taken;
  }

  /** What was taken comes before what has been added since. */
  putBack(taken: readonly Change[]): void {
    const since = this.take();
    for (const change of [...taken, ...since]) this.add(change);
  }
}

function uidOf({ object, old }: Change): string {
  return (object ?? old)?.metadata.uid ?? "";
}

interface Change {
  readonly object?: KubeObject;
  readonly old?: KubeObject;
}
