/** What λ controllers and λ scheduler do: wake-ups of FIFO queues become runs of controllers. */
import { type Clock, type Random, systemClock, systemRandom } from "../../lib/apimachinery/clock.ts";
import { type BatchResponse, batchResponse, groupOf, type SqsEvent } from "../../lib/aws/sqs/event.ts";
import { runGroups } from "../../lib/controllers/queued/groups.ts";
import { MalformedMessage, type Wakeup } from "../../lib/controllers/queued/messages.ts";
import { type Outcome, type QueuedControllers, retryOf } from "../../lib/controllers/queued/runner.ts";
import { inTime } from "./in-time.ts";
import { logError } from "./log.ts";
import type { Loops } from "./loops.ts";

/** What it works with. */
export interface KeyWorkerOptions {
  readonly loops: Pick<Loops, "get" | "names" | "wakeups">;
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
    const { parse, reserveMs } = this.#options;
    const now = this.#clock.now();
    const end = now + remainingMs - answerMs;
    const used = new Set<QueuedControllers>();
    const messages = Records.map((record) => ({ id: record.messageId, body: record.body, group: groupOf(record) }));
    const failed = await runGroups(messages, ({ body }) => inTime(this.#clock, end, this.#wake(parse(body), used)), {
      clock: this.#clock,
      deadline: now + remainingMs - reserveMs,
      parallel,
      onError: ({ id }, error) => logError(error, `message ${id}`),
    });
    // What is recorded after the answer would wait for the next invocation, or for ever. Events may be lost.
    const flushed = Promise.all([...used].map((controllers) => controllers.flush()));
    await inTime(this.#clock, end, flushed).catch((error) => logError(error, "events"));
    return batchResponse(failed);
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
