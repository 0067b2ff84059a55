/** What λ controllers and λ scheduler do: wake-ups of FIFO queues become runs of controllers. */
import { type Clock, type Random, systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import { type BatchResponse, batchResponse, groupOf, type SqsEvent, type SqsRecord } from "../../lib/aws/sqs/event.ts";
import { type GroupedMessage, runGroups } from "../../lib/controllers/queued/groups.ts";
import { MalformedMessage, type Wakeup } from "../../lib/controllers/queued/messages.ts";
import { type Outcome, type QueuedControllers, retryOf } from "../../lib/controllers/queued/runner.ts";
import { inTime } from "./in-time.ts";
import { logError } from "./log.ts";
import type { Loops } from "./loops.ts";

/** What it works with. */
export interface KeyWorkerOptions {
  readonly loops: Pick<Loops, "get" | "names" | "wakeups" | "queues">;
  /**
   * Where malformed messages go. Absent: they are given back until the queue itself makes dead letters of them, and
   * their groups wait for that.
   */
  readonly deadLettersUrl?: string | undefined;
  /** Reads a message. Throws MalformedMessage. */
  readonly parse: (body: string) => Wakeup;
  /** Nothing begins in the last so many ms of an invocation. */
  readonly reserveMs: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** So many keys at once. */
const parallel = 10;
/** What is not done by then is given back, so that the rest of the batch is not done again because of it (ms). */
const answerMs = 2_000;

/** More of a malformed message's body is not passed on: escaped, and with what is said of it, it must fit into one. */
const keptCharacters = 32_768;

/** A message that was read. */
interface ReadMessage extends GroupedMessage {
  readonly wakeup: Wakeup;
}

/** Works on batches. */
export class KeyWorker {
  readonly #options: KeyWorkerOptions;
  readonly #clock: Clock;

  constructor(options: KeyWorkerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Works on a batch; `remainingMs` is how long the invocation may still last. */
  async run({ Records }: SqsEvent, remainingMs: number): Promise<BatchResponse> {
    const { reserveMs } = this.#options;
    const now = this.#clock.now();
    const end = now + remainingMs - answerMs;
    const used = new Set<QueuedControllers>();
    const { messages, unread } = await this.#read(Records);
    const wake = ({ wakeup }: ReadMessage) => inTime(this.#clock, end, this.#wake(wakeup, used));
    const failed = await runGroups(messages, wake, {
      clock: this.#clock,
      deadline: now + remainingMs - reserveMs,
      parallel,
      onError: ({ id }, error) => logError(error, `message ${id}`),
    });
    // What is recorded after the answer would wait for the next invocation, or for ever. Events may be lost.
    const flushed = Promise.all([...used].map((controllers) => controllers.flush()));
    await inTime(this.#clock, end, flushed).catch((error) => logError(error, "events"));
    return batchResponse([...unread, ...failed]);
  }

  /** Gives those that can be read, and the ids of those that neither can be read nor be set aside. */
  async #read(records: readonly SqsRecord[]): Promise<{ messages: ReadMessage[]; unread: string[] }> {
    const messages: ReadMessage[] = [];
    const unread: string[] = [];
    for (const record of records) {
      const { messageId: id, body } = record;
      try {
        messages.push({ id, body, group: groupOf(record), wakeup: this.#options.parse(body) });
      } catch (error) {
        logError(error, `message ${id}`);
        if (!(await this.#setAside(record, error as Error))) unread.push(id);
      }
    }
    return { messages, unread };
  }

  /** Makes a dead letter of a malformed message; false where that fails. */
  async #setAside(record: SqsRecord, { message: reason }: Error): Promise<boolean> {
    const { loops, deadLettersUrl } = this.#options;
    if (deadLettersUrl === undefined) return false;
    const { messageId: id } = record;
    const body = JSON.stringify({ id, reason, body: record.body.slice(0, keptCharacters) });
    try {
      await loops.queues.send(deadLettersUrl, [{ body, group: groupOf(record), deduplicationId: id }]);
      return true;
    } catch (error) {
      logError(error, `message ${id} can't be set aside`);
      return false;
    }
  }

  async #wake(wakeup: Wakeup, used: Set<QueuedControllers>): Promise<Outcome> {
    const { loops, random = systemRandom } = this.#options;
    const { cluster } = wakeup;
    if (!loops.names.includes(cluster)) throw new MalformedMessage("the cluster is not served");
    let controllers: QueuedControllers;
    try {
      controllers = (await loops.get(cluster)).controllers();
    } catch (error) {
      // No defect of the message: however long the table does not answer, it is no dead letter.
      logError(error, `cluster ${cluster}`);
      await loops.wakeups({ clock: this.#clock, random }).later(retryOf(wakeup, this.#clock.now()));
      return "retried";
    }
    used.add(controllers);
    return controllers.run(wakeup);
  }
}
