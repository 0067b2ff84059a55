/** One cluster's share of what λ dispatch does: entries of its log become wake-ups, nudges and signs of life. */
import { UnreadableRecord } from "../../lib/aws/stream/log-records.ts";
import { ChangeMapper, type LoggedChange } from "../../lib/controllers/queued/change-mapper.ts";
import { ChangeLoader, type CollectionName, UnreadableEntry } from "../../lib/controllers/queued/logged-change.ts";
import { collectionOf, type EntryPlace } from "../../lib/controllers/queued/messages.ts";
import { isHeartbeat } from "../../lib/nodes/heartbeat.ts";
import type { NodeNudges, NudgeEntry } from "../../lib/nodes/nudges.ts";
import { nodes, pods } from "../../lib/openapi/types/resources.ts";
import type { LogEntry } from "../../lib/storage/interface.ts";
import { LeaseSigns, sawLease } from "./lease-signs.ts";
import { logError } from "./log.ts";
import type { ClusterLoops, Loops } from "./loops.ts";

/** An entry to dispatch. */
export interface DispatchedEntry {
  readonly place: EntryPlace;
  /** What the stream told of it; absent: it is read from the table. Gives undefined where it is gone. */
  readonly load?: () => Promise<LogEntry | undefined>;
}

/** An entry that says nothing that could be read, however often it is. */
export interface Unreadable<E extends DispatchedEntry> {
  readonly entry: E;
  readonly error: Error;
}

/** What it works with. */
export interface ClusterDispatchOptions {
  readonly loops: ClusterLoops;
  readonly wakeups: ReturnType<Loops["wakeups"]>;
  /** Absent: no node has an inbox. */
  readonly nudges?: NodeNudges;
}

/** A readable entry. */
interface Loaded {
  readonly entry: LogEntry;
  readonly change: LoggedChange;
  /** When the log got it (ms). */
  readonly at: number;
}

/** What nodes may have to be told of. */
const nudging = new Set(["/pods", "/nodes", "/services", "/configmaps", "/secrets", "discovery.k8s.io/endpointslices"]);

/**
 * In one process. Entries may come twice, late and in any order: who is woken or nudged reads for itself what there is
 * to know, and copies that are asked for whom a change concerns are at least as new as the change.
 */
export class ClusterDispatch {
  readonly #options: ClusterDispatchOptions;
  readonly #mapper: ChangeMapper;
  readonly #loader: ChangeLoader;
  readonly #signs: LeaseSigns;

  constructor(options: ClusterDispatchOptions) {
    this.#options = options;
    const { loops, nudges } = options;
    nudges?.prepare(loops.informers);
    this.#mapper = new ChangeMapper({
      ...loops.parts,
      ignores: sawLease,
      onError: (controller, { resource, revision }, error) =>
        logError(error, `${controller}: keys of ${collectionOf(resource)} at ${revision}`),
    });
    this.#loader = new ChangeLoader(async (collection, revision) => (await this.#read(collection, revision))?.text);
    this.#signs = new LeaseSigns(loops.health);
  }

  /**
   * Dispatches entries, and gives those that can't be read. Rejects where all of them are to be dispatched again, which
   * does no harm.
   */
  async run<E extends DispatchedEntry>(entries: readonly E[]): Promise<Unreadable<E>[]> {
    const { wakeups } = this.#options;
    const unreadable: Unreadable<E>[] = [];
    const loaded = await Promise.all(
      entries.map(async (entry) => {
        try {
          return await this.#load(entry);
        } catch (error) {
          if (!(error instanceof UnreadableRecord || error instanceof UnreadableEntry)) throw error;
          unreadable.push({ entry, error });
          return undefined;
        }
      }),
    );
    const readable = loaded.filter((one) => one !== undefined);
    const news = readable.filter(({ change }) => !isHeartbeat(change));
    const woken = await this.#mapper.map(news.map(({ change }) => change));
    await Promise.all([wakeups.now(woken), this.#nudge(news), this.#signs.note(readable)]);
    return unreadable;
  }

  async #load({ place, load }: DispatchedEntry): Promise<Loaded | undefined> {
    const [group, resource] = place.collection.split("/");
    const collection = { group, resource };
    const entry = await (load === undefined ? this.#read(collection, place.revision) : load());
    if (entry === undefined) return undefined;
    return { entry, change: await this.#loader.load(collection, entry), at: place.at };
  }

  /** An entry, also one that has been replaced long ago. */
  #read(collection: CollectionName, revision: number): Promise<LogEntry | undefined> {
    const { name, store } = this.#options.loops.cluster;
    return store.replacedEntry({ cluster: name, ...collection }, revision);
  }

  async #nudge(loaded: readonly Loaded[]): Promise<void> {
    const { nudges, loops } = this.#options;
    if (nudges === undefined) return;
    const entries: NudgeEntry[] = [];
    for (const { entry, change } of loaded) {
      const { resource, revision, object, old } = change;
      const collection = collectionOf(resource);
      if (!nudging.has(collection)) continue;
      const { key, fields, previous } = entry;
      entries.push({ collection, key, revision, fields, previousFields: previous?.fields, object, old });
    }
    if (entries.length === 0) return;
    await loops.informers.catchUp([nodes, pods]);
    await nudges.changed(loops.cluster.name, entries, loops.informers);
  }
}
