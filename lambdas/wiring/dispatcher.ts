/** What λ dispatch does: changes of the log become wake-ups and nudges, delayed wake-ups are passed on when they are due. */
import { type Clock, systemClock } from "../../lib/apimachinery/clock.ts";
import { type BatchResponse, batchResponse, type SqsEvent } from "../../lib/aws/sqs/event.ts";
import {
  type LogItem,
  loadLogItem,
  readLogRecord,
  type StreamEvent,
  type StreamRecord,
  UnreadableRecord,
} from "../../lib/aws/stream/log-records.ts";
import { ChangeMapper, type LoggedChange } from "../../lib/controllers/queued/change-mapper.ts";
import { forwardDelay } from "../../lib/controllers/queued/delays.ts";
import { ChangeLoader, UnreadableEntry } from "../../lib/controllers/queued/logged-change.ts";
import { collectionOf } from "../../lib/controllers/queued/messages.ts";
import type { NodeNudges, NudgeEntry } from "../../lib/nodes/nudges.ts";
import { nodes, pods } from "../../lib/openapi/types/resources.ts";
import type { LogEntry } from "../../lib/storage/interface.ts";
import { LeaseSigns, sawLease } from "./lease-signs.ts";
import { logError } from "./log.ts";
import type { ClusterLoops, Loops } from "./loops.ts";

/** What it works with. */
export interface DispatcherOptions {
  readonly loops: Loops;
  /** Absent: no node has an inbox. */
  readonly nudges?: NodeNudges;
  /** Where what can't be read goes. Absent: it is reported as failed, and Lambda gives it up at last. */
  readonly failuresQueueUrl?: string;
  readonly clock?: Clock;
}

/** A readable record. */
interface Dispatched {
  readonly record: StreamRecord;
  readonly sequenceNumber: string;
  readonly item: LogItem;
  readonly entry: LogEntry;
  readonly at: number;
}

/** Its change. */
interface Loaded {
  readonly change: LoggedChange;
  readonly entry: LogEntry;
  /** When the log got it (ms). */
  readonly at: number;
}

/** One cluster's share of the work, in this process. */
interface ClusterDispatch {
  readonly loops: ClusterLoops;
  readonly mapper: ChangeMapper;
  readonly loader: ChangeLoader;
  readonly signs: LeaseSigns;
}

/** What nodes may have to be told of. */
const nudging = new Set(["/pods", "/nodes", "/services", "/configmaps", "/secrets", "discovery.k8s.io/endpointslices"]);

/** One process's dispatcher. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #clock: Clock;
  readonly #clusters = new Map<string, Promise<ClusterDispatch>>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Works on a batch of a shard. What failed, and all after it, is delivered again. */
  async stream({ Records }: StreamEvent): Promise<BatchResponse> {
    const failed: string[] = [];
    const dispatched: Dispatched[] = [];
    for (const record of Records) {
      try {
        const one = await this.#read(record);
        if (one !== undefined) dispatched.push(one);
      } catch (error) {
        failed.push(...(await this.#unread(record, error)));
      }
    }
    const byCluster = Map.groupBy(dispatched, ({ item }) => item.collection.cluster);
    await Promise.all(
      [...byCluster].map(async ([cluster, some]) => {
        if (!this.#options.loops.names.includes(cluster)) return;
        try {
          failed.push(...(await this.#dispatch(cluster, some)));
        } catch (error) {
          logError(error, `dispatch of ${cluster}`);
          failed.push(some[0].sequenceNumber);
        }
      }),
    );
    return batchResponse(first(failed));
  }

  /** Works on a batch of the delays' queue. */
  async delays({ Records }: SqsEvent): Promise<BatchResponse> {
    const { outbox } = this.#options.loops;
    const failed: string[] = [];
    await Promise.all(
      Records.map(async ({ messageId: id, body }) => {
        try {
          await forwardDelay({ id, body }, outbox, this.#clock);
        } catch (error) {
          logError(error, `delayed message ${id}`);
          failed.push(id);
        }
      }),
    );
    return batchResponse(failed);
  }

  async #read(record: StreamRecord): Promise<Dispatched | undefined> {
    const item = readLogRecord(record);
    if (item === undefined) return undefined;
    const entry = await loadLogItem(this.#options.loops.table, item);
    if (entry === undefined) return undefined;
    const { SequenceNumber = "", ApproximateCreationDateTime: seconds } = record.dynamodb ?? {};
    const at = seconds === undefined ? this.#clock.now() : seconds * 1000;
    return { record, sequenceNumber: SequenceNumber, item, entry, at };
  }

  /** Gives what is to be delivered again of a record that could not be read. */
  async #unread({ eventID, dynamodb }: StreamRecord, error: unknown): Promise<string[]> {
    const { loops, failuresQueueUrl } = this.#options;
    const sequenceNumber = dynamodb?.SequenceNumber ?? "";
    logError(error, `record ${sequenceNumber}`);
    const isUnreadable = error instanceof UnreadableRecord || error instanceof UnreadableEntry;
    if (!isUnreadable || failuresQueueUrl === undefined) return [sequenceNumber];
    const place = { pk: dynamodb?.NewImage?.pk?.S, sk: dynamodb?.NewImage?.sk?.S };
    const body = JSON.stringify({ eventID, sequenceNumber, ...place, error: error.message });
    try {
      await loops.queues.send(failuresQueueUrl, [{ body }]);
      return [];
    } catch (sending) {
      logError(sending, `record ${sequenceNumber}`);
      return [sequenceNumber];
    }
  }

  /** Gives what is to be delivered again of records that hold no object. Rejects where all of them must be. */
  async #dispatch(cluster: string, dispatched: readonly Dispatched[]): Promise<string[]> {
    const { loops, mapper, loader, signs } = await this.#cluster(cluster);
    const failed: string[] = [];
    const loaded = await Promise.all(
      dispatched.map(async ({ record, item, entry, at }): Promise<Loaded | undefined> => {
        try {
          return { change: await loader.load(item.collection, entry), entry, at };
        } catch (error) {
          if (!(error instanceof UnreadableEntry)) throw error;
          failed.push(...(await this.#unread(record, error)));
          return undefined;
        }
      }),
    );
    const readable = loaded.filter((one) => one !== undefined);
    const wakeups = await mapper.map(readable.map(({ change }) => change));
    await Promise.all([
      this.#options.loops.wakeups(loops.cluster).now(wakeups),
      this.#nudge(loops, readable),
      signs.note(readable),
    ]);
    return failed;
  }

  async #nudge({ cluster, informers }: ClusterLoops, loaded: readonly Loaded[]): Promise<void> {
    const { nudges } = this.#options;
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
    await informers.catchUp([nodes, pods]);
    await nudges.changed(cluster.name, entries, informers);
  }

  #cluster(name: string): Promise<ClusterDispatch> {
    const known = this.#clusters.get(name);
    if (known !== undefined) return known;
    const opening = this.#open(name);
    this.#clusters.set(name, opening);
    opening.catch(() => this.#clusters.delete(name));
    return opening;
  }

  async #open(name: string): Promise<ClusterDispatch> {
    const loops = await this.#options.loops.get(name);
    const { store } = loops.cluster;
    this.#options.nudges?.prepare(loops.informers);
    const mapper = new ChangeMapper({
      ...loops.parts,
      ignores: sawLease,
      onError: (controller, { resource, revision }, error) =>
        logError(error, `${controller}: keys of ${collectionOf(resource)} at ${revision}`),
    });
    const loader = new ChangeLoader(
      async (collection, revision) => (await store.replacedEntry({ cluster: name, ...collection }, revision))?.text,
    );
    return { loops, mapper, loader, signs: new LeaseSigns(loops.health) };
  }
}

/** The one that comes first: all after it is delivered again. */
function first(sequenceNumbers: readonly string[]): string[] {
  if (sequenceNumbers.length === 0) return [];
  return [sequenceNumbers.reduce((least, one) => (BigInt(one || 0) < BigInt(least || 0) ? one : least))];
}
