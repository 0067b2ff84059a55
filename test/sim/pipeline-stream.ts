/**
 * The table's stream in virtual time, and the mapping that hands it to its one consumer: shards, each in order and a
 * batch at a time. A batch that failed comes again, halved, from its first failed record on, until that is given up;
 * one that was done may come again.
 */

import type { Attribute, Item } from "../../lib/aws/dynamodb/table.ts";
import type { BatchResponse } from "../../lib/aws/sqs/event.ts";
import type { StreamEvent, StreamRecord, StreamValue } from "../../lib/aws/stream/log-records.ts";
import type { PipelineFaults } from "./pipeline-faults.ts";
import type { World } from "./store-world.ts";

/** How it is set up. */
export interface StreamOptions {
  readonly world: World;
  readonly faults: PipelineFaults;
  readonly shards: number;
  readonly target: (event: StreamEvent) => Promise<BatchResponse>;
  /** For a planted defect: a batch that failed counts as done. */
  readonly dropsFailed?: boolean;
}

interface Pending {
  readonly item: Item;
  readonly record: StreamRecord;
}

interface Shard {
  readonly pending: Pending[];
  isRunning: boolean;
  /** At most so many records in the next batch, after failures. */
  limit: number;
  /** How often its first record has failed in a row. */
  attempts: number;
}

const maxBatch = 100;
/** After so many attempts a record is given up, as the mapping is set up (lib/cdk/event-sources.ts). */
const maxAttempts = 31;

/** The stream. */
export class SimulatedStream {
  readonly #options: StreamOptions;
  readonly #shards: Shard[];
  #sequence = 0;
  failures = 0;
  repeated = 0;
  givenUp = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
    const fresh = () => ({ pending: [], isRunning: false, limit: maxBatch, attempts: 0 });
    this.#shards = Array.from({ length: options.shards }, fresh);
  }

  get length(): number {
    return this.#shards.reduce((sum, { pending }) => sum + pending.length, 0);
  }

  /** An item has appeared in the table. Only entries of logs pass the mapping's filter. */
  inserted(item: Item): void {
    if (item.t !== "log") return;
    const { world, faults } = this.#options;
    const shard = this.#shards[hash(item.pk) % this.#shards.length] as Shard;
    const added = { item, record: this.#record(item) };
    const before = shard.pending.at(-1);
    const mayChange = before !== undefined && !shard.isRunning && before.item.k !== item.k;
    if (mayChange && world.chance(faults.swapped)) shard.pending.splice(-1, 0, added);
    else shard.pending.push(added);
    this.#deliverAfter(shard, this.#lagMs());
  }

  #lagMs(): number {
    const { world, faults } = this.#options;
    return world.chance(faults.late) ? world.random.number() * faults.lateMs : world.integer(20, 250);
  }

  #deliverAfter(shard: Shard, ms: number): void {
    if (shard.isRunning) return;
    this.#options.world.after(ms, () => {
      if (!shard.isRunning && shard.pending.length > 0) void this.#deliver(shard);
    });
  }

  async #deliver(shard: Shard): Promise<void> {
    const { world, faults, target, dropsFailed } = this.#options;
    shard.isRunning = true;
    const batch = shard.pending.slice(0, Math.min(shard.limit, world.chance(0.3) ? world.integer(1, 10) : maxBatch));
    let done = batch.length;
    try {
      const { batchItemFailures } = await target({ Records: batch.map(({ record }) => record) });
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const first = batch.findIndex(({ record }) => failed.has(record.dynamodb?.SequenceNumber ?? ""));
      if (first >= 0) done = first;
    } catch {
      done = 0;
    }
    const hasFailed = done < batch.length;
    if (hasFailed) this.failures++;
    shard.limit = hasFailed ? Math.max(1, Math.ceil((batch.length - done) / 2)) : maxBatch;
    if (hasFailed && dropsFailed) done = batch.length;
    shard.attempts = hasFailed && done === 0 ? shard.attempts + 1 : 0;
    if (shard.attempts === maxAttempts) {
      this.givenUp++;
      shard.attempts = 0;
      done = 1;
    }
    // Who dies after the work is done has it come again.
    if (hasFailed || !world.chance(faults.repeated)) shard.pending.splice(0, done);
    else this.repeated++;
    shard.isRunning = false;
    if (shard.pending.length > 0) this.#deliverAfter(shard, hasFailed ? world.integer(200, 1_500) : this.#lagMs());
  }

  #record(item: Item): StreamRecord {
    const { world } = this.#options;
    return {
      eventID: String(++this.#sequence),
      eventName: "INSERT",
      eventSource: "aws:dynamodb",
      dynamodb: {
        SequenceNumber: String(this.#sequence),
        ApproximateCreationDateTime: Math.floor(world.now() / 1000),
        NewImage: imageOf(item),
      },
    };
  }
}

function imageOf(item: Item): Record<string, StreamValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, streamValue(value)]));
}

function streamValue(value: Attribute): StreamValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  return { B: Buffer.from(value).toString("base64") };
}

function hash(text: string): number {
  let value = 7;
  for (let at = 0; at < text.length; at++) value = (Math.imul(value, 31) + text.charCodeAt(at)) >>> 0;
  return value;
}
