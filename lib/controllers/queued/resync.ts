/**
 * Wakes keys whose wake-up may have been lost: a second, slow reader of all changes. Where nothing has changed since
 * the last look, nothing can have been lost, and nothing is read but revisions, all of a minute's in one request.
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
  /** The newest revisions of collections, or what they were a moment before: what is missed is seen by the next look. */
  readonly glance: (resources: readonly Resource[]) => Promise<readonly number[]>;
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
  /** The controllers that this process has told of all once. */
  readonly #looked = new Set<string>();
  #positions: Record<string, number> | undefined;
  #hasMoved = false;
  #runs = 0;

  constructor(options: ResyncOptions) {
    this.#options = options;
  }

  /**
   * Looks at every tenth controller. Gives how many wake-ups were sent. Rejects where something can't be read or
   * sent. The positions are written down when all parts have had their turn: a process that ends before makes the next
   * one wake some keys once more.
   */
  async run(part: number): Promise<number> {
    const { controllers, glance, progress } = this.#options;
    this.#positions ??= { ...(await progress.load()) };
    const turn = controllers.filter((_, index) => index % resyncParts === part % resyncParts);
    const resources = distinct(turn.flatMap(({ sources }) => sources));
    const seen = resources.length === 0 ? [] : await glance(resources);
    const newest = new Map(resources.map((resource, index) => [collectionOf(resource), seen[index]]));
    let sent = 0;
    for (const controller of turn) sent += await this.#controller(controller, this.#positions, newest);
    this.#runs++;
    if (this.#hasMoved && this.#runs >= resyncParts) {
      await progress.save(this.#positions);
      this.#hasMoved = false;
      this.#runs = 0;
    }
    return sent;
  }

  async #controller(
    { name, sources }: Resynced,
    positions: Record<string, number>,
    newest: ReadonlyMap<string, number>,
  ): Promise<number> {
    const { informers, mapper, send } = this.#options;
    const placeOf = (resource: Resource) => `${name} ${collectionOf(resource)}`;
    const newestOf = (resource: Resource) => newest.get(collectionOf(resource)) ?? 0;
    const all = distinct(sources);
    const moved = all.filter((resource) => (positions[placeOf(resource)] ?? 0) < newestOf(resource));
    if (moved.length === 0) return 0;
    // What went before this process looked is not seen to have gone: all that is left is told of then.
    const told = this.#looked.has(name) ? moved : all;
    const buffers = told.map((resource) => this.#buffer(placeOf(resource), resource));
    const behind = told.filter((resource) => informers.revision(resource) < newestOf(resource));
    if (behind.length > 0) await informers.catchUp(behind);
    const reached = told.map((resource) => informers.revision(resource));
    const taken = buffers.map((buffer) => buffer.take());
    const logged = (change: Change, index: number) => {
      // The change's own: whoever has seen to it needs no second run. When something went is not known for certain.
      const revision = Number(change.object?.metadata.resourceVersion ?? reached[index]);
      return { resource: told[index], revision, ...change };
    };
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
    for (const [index, resource] of told.entries()) positions[placeOf(resource)] = reached[index];
    this.#looked.add(name);
    this.#hasMoved = true;
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

/** Of several sources of one collection the last. */
function distinct(sources: readonly { readonly resource: Resource }[]): Resource[] {
  return [...new Map(sources.map(({ resource }) => [collectionOf(resource), resource])).values()];
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
