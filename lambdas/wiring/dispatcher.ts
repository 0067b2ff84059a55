/**
 * What λ dispatch does: changes of the log become wake-ups and nudges, delayed wake-ups are passed on when they are
 * due. A shard holds entries of all clusters, and nothing in it goes on before its batch is done: so what can't be done
 * for one cluster is parked in the delays' queue, by the entries' places, and the shard goes on.
 */
import { type Clock, systemClock } from "../../lib/apimachinery/clock.ts";
import { type BatchResponse, batchResponse, type SqsEvent, type SqsRecord } from "../../lib/aws/sqs/event.ts";
import {
  type LogItem,
  loadLogItem,
  readLogRecord,
  type StreamEvent,
  type StreamRecord,
} from "../../lib/aws/stream/log-records.ts";
import { forwardDelay } from "../../lib/controllers/queued/delays.ts";
import { collectionOf, type ParkedEntries, parkedMessage, parseParked } from "../../lib/controllers/queued/messages.ts";
import type { NodeNudges } from "../../lib/nodes/nudges.ts";
import { ClusterDispatch, type DispatchedEntry } from "./cluster-dispatch.ts";
import { inTime } from "./in-time.ts";
import { logError } from "./log.ts";
import type { Loops } from "./loops.ts";

/** What it works with. */
export interface DispatcherOptions {
  readonly loops: Loops;
  /** Absent: no node has an inbox. */
  readonly nudges?: NodeNudges;
  /** Where what can't be read goes. Absent: it is reported as failed, and Lambda gives it up at last. */
  readonly failuresQueueUrl?: string;
  readonly clock?: Clock;
}

/** An entry that the stream told of. */
interface Streamed extends DispatchedEntry {
  readonly record: StreamRecord;
}

/** So long may all others wait for one cluster, and so much of an invocation is kept for parking (ms). */
const shareMs = 15_000;
const reserveMs = 5_000;
/** A cluster that has failed after so long is not waited for again so soon; what comes for it is parked at once. */
const slowMs = 2_000;
const troubledMs = 15_000;
/** What has failed so often is halved each time, until what is to blame stands alone. */
const halvedFrom = 4;
/** Entries that fail for three quarters of an hour are left to the queue, which makes a dead letter of them. */
const maxAttempts = 12;

/** A cluster did not answer a moment ago. */
class Troubled extends Error {
  override name = "Troubled";
}

/** One process's dispatcher. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #clock: Clock;
  readonly #clusters = new Map<string, Promise<ClusterDispatch>>();
  /** Until when a cluster is not waited for (ms). */
  readonly #troubled = new Map<string, number>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Works on a batch of a shard; `remainingMs` is how long the invocation may still last. What could not even be
   * parked, and all after it, is delivered again.
   */
  async stream({ Records }: StreamEvent, remainingMs = shareMs + reserveMs): Promise<BatchResponse> {
    const end = this.#end(remainingMs);
    const failed: string[] = [];
    const byCluster = new Map<string, Streamed[]>();
    for (const record of Records) {
      try {
        const item = readLogRecord(record);
        if (item === undefined) continue;
        const { cluster } = item.collection;
        byCluster.set(cluster, [...(byCluster.get(cluster) ?? []), this.#streamed(record, item)]);
      } catch (error) {
        failed.push(...(await this.#unread(record, error as Error)));
      }
    }
    await Promise.all(
      [...byCluster].map(async ([cluster, entries]) => {
        if (!this.#options.loops.names.includes(cluster)) return;
        failed.push(...(await this.#share(cluster, entries, end)));
      }),
    );
    return batchResponse(first(failed));
  }

  /** Works on a batch of the delays' queue. */
  async delays({ Records }: SqsEvent, remainingMs = shareMs + reserveMs): Promise<BatchResponse> {
    const end = this.#end(remainingMs);
    const failed: string[] = [];
    await Promise.all(
      Records.map(async (record) => {
        try {
          await this.#delayed(record, end);
        } catch (error) {
          logError(error, `delayed message ${record.messageId}`);
          failed.push(record.messageId);
        }
      }),
    );
    return batchResponse(failed);
  }

  #end(remainingMs: number): number {
    return this.#clock.now() + Math.min(shareMs, remainingMs - reserveMs);
  }

  #streamed(record: StreamRecord, item: LogItem): Streamed {
    const { ApproximateCreationDateTime: seconds } = record.dynamodb ?? {};
    const at = seconds === undefined ? this.#clock.now() : seconds * 1000;
    const place = { collection: collectionOf(item.collection), revision: item.revision, at };
    return { record, place, load: () => loadLogItem(this.#options.loops.table, item) };
  }

  /** A cluster's entries of a batch. Gives what is to be delivered again. */
  async #share(cluster: string, entries: readonly Streamed[], end: number): Promise<string[]> {
    try {
      const unreadable = await this.#dispatch(cluster, entries, end);
      const failed = await Promise.all(unreadable.map(({ entry, error }) => this.#unread(entry.record, error)));
      return failed.flat();
    } catch (error) {
      logError(error, `dispatch of ${cluster}: ${entries.length} entries`);
      try {
        await this.#park({ cluster, entries: entries.map(({ place }) => place), attempt: 1 });
        return [];
      } catch (parking) {
        logError(parking, `dispatch of ${cluster}: what failed can't be parked`);
        return [sequenceNumberOf(entries[0].record)];
      }
    }
  }

  /** Rejects where the message is to be delivered again. */
  async #delayed({ messageId: id, body }: SqsRecord, end: number): Promise<void> {
    const parked = parseParked(body);
    if (parked === undefined) await forwardDelay({ id, body }, this.#options.loops.outbox, this.#clock);
    else if (this.#options.loops.names.includes(parked.cluster)) await this.#again(parked, end);
  }

  /** Rejects where the entries are to be delivered again, or are given up. */
  async #again({ cluster, entries, attempt }: ParkedEntries, end: number): Promise<void> {
    try {
      const places = entries.map((place) => ({ place }));
      const unreadable = await this.#dispatch(cluster, places, end);
      for (const { entry, error } of unreadable) await this.#setAside({ cluster, ...entry.place }, error);
    } catch (error) {
      if (entries.length === 1 && attempt >= maxAttempts) throw error;
      logError(error, `dispatch of ${cluster}: ${entries.length} parked entries, attempt ${attempt}`);
      const half = attempt < halvedFrom ? entries.length : Math.ceil(entries.length / 2);
      const parts = [entries.slice(0, half), entries.slice(half)].filter(({ length }) => length > 0);
      await this.#park(...parts.map((part) => ({ cluster, entries: part, attempt: attempt + 1 })));
    }
  }

  async #park(...parked: readonly ParkedEntries[]): Promise<void> {
    await this.#options.loops.outbox.send(parked.map(parkedMessage));
  }

  /** Dispatches a cluster's entries, and gives those that can't be read. Rejects where all are to be tried again. */
  async #dispatch<E extends DispatchedEntry>(cluster: string, entries: readonly E[], end: number) {
    if ((this.#troubled.get(cluster) ?? 0) > this.#clock.now()) {
      throw new Troubled(`${cluster} did not answer a moment ago`);
    }
    const begin = this.#clock.now();
    try {
      const dispatching = this.#cluster(cluster).then((share) => share.run(entries));
      return await inTime(this.#clock, end, dispatching);
    } catch (error) {
      const now = this.#clock.now();
      if (now - begin >= slowMs) this.#troubled.set(cluster, now + troubledMs);
      throw error;
    }
  }

  /** Gives what is to be delivered again of a record that could not be read. */
  async #unread(record: StreamRecord, error: Error): Promise<string[]> {
    const { eventID, dynamodb } = record;
    const sequenceNumber = sequenceNumberOf(record);
    const { pk, sk } = dynamodb?.NewImage ?? {};
    try {
      await this.#setAside({ eventID, sequenceNumber, pk: pk?.S, sk: sk?.S }, error);
      return [];
    } catch (aside) {
      logError(aside, `record ${sequenceNumber}`);
      return [sequenceNumber];
    }
  }

  /** Says where something is that can't be read. Rejects where there is no queue for it, or none that takes it. */
  async #setAside(place: object, error: Error): Promise<void> {
    const { loops, failuresQueueUrl } = this.#options;
    logError(error, `an entry that can't be read: ${JSON.stringify(place)}`);
    if (failuresQueueUrl === undefined) throw error;
    await loops.queues.send(failuresQueueUrl, [{ body: JSON.stringify({ ...place, error: error.message }) }]);
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
    const { loops, nudges } = this.#options;
    const opened = await loops.get(name);
    const wakeups = loops.wakeups(opened.cluster);
    return new ClusterDispatch({ loops: opened, wakeups, ...(nudges === undefined ? {} : { nudges }) });
  }
}

function sequenceNumberOf({ dynamodb }: StreamRecord): string {
  return dynamodb?.SequenceNumber ?? "";
}

/** The one that comes first: all after it is delivered again. */
function first(sequenceNumbers: readonly string[]): string[] {
  if (sequenceNumbers.length === 0) return [];
  return [sequenceNumbers.reduce((least, one) => (BigInt(one || 0) < BigInt(least || 0) ? one : least))];
}
