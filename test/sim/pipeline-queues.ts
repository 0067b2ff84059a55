/**
 * SQS in virtual time, and the mappings that hand its messages to functions. FIFO: order and single flight in each
 * group, five minutes of deduplication. Standard: no order, messages come late and twice. Both: what is not deleted
 * within the visibility timeout comes again, and after too many attempts is a dead letter.
 */
import type { BatchResponse, SqsEvent, SqsRecord } from "../../lib/aws/sqs/event.ts";
import type { PipelineFaults } from "./pipeline-faults.ts";
import type { World } from "./store-world.ts";

/** A message as it is sent. */
export interface SentMessage {
  readonly body: string;
  readonly group?: string;
  readonly deduplicationId?: string;
  readonly delaySeconds?: number;
  /** Who sends, as SQS says it. */
  readonly senderId?: string;
}

interface Message extends SentMessage {
  readonly id: string;
  readonly sentAt: number;
  visibleAt: number;
  receives: number;
}

/** How a queue is set up. */
export interface QueueOptions {
  readonly name: string;
  readonly world: World;
  readonly faults: PipelineFaults;
  readonly fifo: boolean;
  readonly visibilityMs: number;
  readonly attempts: number;
  /** So many batches at once. */
  readonly concurrency: number;
  /** Works on a batch. */
  readonly target: (event: SqsEvent) => Promise<BatchResponse>;
}

const deduplicationMs = 300_000;
const batchSize = 10;

/** A queue that wakes a function. */
export class SimulatedQueue {
  readonly deadLetters: string[] = [];
  repeated = 0;
  readonly #options: QueueOptions;
  readonly #accepted = new Map<string, number>();
  #messages: Message[] = [];
  #batches = 0;
  #serial = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** How many messages are there, those that are held back or being worked on included. */
  get length(): number {
    return this.#messages.length;
  }

  /** How many of them could be received now. */
  get waiting(): number {
    const now = this.#options.world.now();
    return this.#messages.filter(({ visibleAt }) => visibleAt <= now).length;
  }

  /** Takes messages. */
  send(messages: readonly SentMessage[]): void {
    const { world, fifo, faults, name } = this.#options;
    for (const message of messages) {
      if (fifo && this.#isKnown(message.deduplicationId)) continue;
      const sentAt = world.now();
      const delayMs = (message.delaySeconds ?? 0) * 1000;
      const lateMs = world.chance(faults.late) && !fifo ? world.random.number() * faults.lateMs : 0;
      const visibleAt = sentAt + delayMs + lateMs;
      this.#messages.push({ ...message, id: `${name}-${++this.#serial}`, sentAt, visibleAt, receives: 0 });
      this.#pollAfter(visibleAt - sentAt + this.#pollMs());
    }
  }

  #pollMs(): number {
    const { world, faults } = this.#options;
    return world.chance(faults.late) ? world.random.number() * faults.lateMs : world.integer(5, 60);
  }

  #isKnown(id: string | undefined): boolean {
    const { world, name } = this.#options;
    if (id === undefined) throw new Error(`${name}: a message of a FIFO queue needs a deduplication id`);
    const at = this.#accepted.get(id);
    if (at !== undefined && at + deduplicationMs > world.now()) return true;
    this.#accepted.set(id, world.now());
    return false;
  }

  #pollAfter(ms: number): void {
    this.#options.world.after(ms, () => this.#poll());
  }

  #poll(): void {
    const { concurrency } = this.#options;
    while (this.#batches < concurrency) {
      const batch = this.#receive();
      if (batch.length === 0) return;
      void this.#work(batch);
    }
  }

  #receive(): Message[] {
    const { world, fifo, attempts, visibilityMs } = this.#options;
    const now = world.now();
    const limit = world.chance(0.5) ? batchSize : world.integer(1, batchSize);
    const busy = new Set(
      fifo ? this.#messages.filter(({ visibleAt }) => visibleAt > now).map(({ group }) => group) : [],
    );
    const batch: Message[] = [];
    const dead = new Set<Message>();
    for (const message of this.#messages) {
      if (batch.length === limit) break;
      if (message.visibleAt > now || (fifo && busy.has(message.group))) continue;
      if (message.receives === attempts) dead.add(message);
      else batch.push(message);
    }
    for (const message of dead) this.deadLetters.push(message.body);
    if (dead.size > 0) this.#messages = this.#messages.filter((message) => !dead.has(message));
    for (const message of batch) {
      message.receives++;
      message.visibleAt = now + visibilityMs;
    }
    if (!fifo) shuffle(batch, world);
    for (const { receives } of batch) if (receives > 1) this.repeated++;
    return batch;
  }

  async #work(batch: readonly Message[]): Promise<void> {
    const { target, world, faults, fifo, visibilityMs } = this.#options;
    this.#batches++;
    try {
      const response = await target({ Records: batch.map((message) => this.#record(message)) });
      const failed = new Set(response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const done = new Set(batch.filter(({ id }) => !failed.has(id)));
      // The answer to a deletion may be lost, and the deletion with it.
      for (const message of done) if (world.chance(faults.requests.lostRequest)) done.delete(message);
      this.#messages = this.#messages.filter((message) => !done.has(message));
      for (const message of done) if (!fifo && world.chance(faults.repeated)) this.#again(message);
    } catch {
      // All of it is seen again after the visibility timeout.
    }
    this.#batches--;
    this.#pollAfter(this.#pollMs());
    this.#pollAfter(visibilityMs + 1);
  }

  #again(message: Message): void {
    const { world, faults } = this.#options;
    const visibleAt = world.now() + world.random.number() * Math.max(1_000, faults.lateMs);
    this.#messages.push({ ...message, visibleAt, receives: 1 });
    this.#pollAfter(visibleAt - world.now() + 1);
  }

  #record({ id, body, group, senderId, sentAt, receives }: Message): SqsRecord {
    return {
      messageId: id,
      body,
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${this.#options.name}`,
      attributes: {
        SentTimestamp: String(Math.floor(sentAt)),
        ApproximateReceiveCount: String(receives),
        ...(group === undefined ? {} : { MessageGroupId: group }),
        ...(senderId === undefined ? {} : { SenderId: senderId }),
      },
    };
  }
}

function shuffle<T>(list: T[], world: World): void {
  for (let at = list.length - 1; at > 0; at--) {
    const other = world.integer(0, at);
    [list[at], list[other]] = [list[other] as T, list[at] as T];
  }
}
