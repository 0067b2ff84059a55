/** What λ controllers and λ scheduler do: wake-ups of FIFO queues become runs of controllers. */
import { type Clock, systemClock } from "../../lib/apimachinery/clock.ts";
import { type BatchResponse, batchResponse, groupOf, type SqsEvent } from "../../lib/aws/sqs/event.ts";
import { runGroups } from "../../lib/controllers/queued/groups.ts";
import { MalformedMessage, type Wakeup } from "../../lib/controllers/queued/messages.ts";
import type { QueuedControllers } from "../../lib/controllers/queued/runner.ts";
import { logError } from "./log.ts";
import type { Loops } from "./loops.ts";

/** What it works with. */
export interface KeyWorkerOptions {
  readonly loops: Pick<Loops, "get" | "names">;
  /** Reads a message. Throws MalformedMessage. */
  readonly parse: (body: string) => Wakeup;
  /** Nothing begins in the last so many ms of an invocation. */
  readonly reserveMs: number;
  readonly clock?: Clock;
}

/** So many keys at once. */
const parallel = 10;

/** Works on batches. */
export class KeyWorker {
  readonly #options: KeyWorkerOptions;

  constructor(options: KeyWorkerOptions) {
    this.#options = options;
  }

  /** Works on a batch; `remainingMs` is how long the invocation may still last. */
  async run({ Records }: SqsEvent, remainingMs: number): Promise<BatchResponse> {
    const { parse, reserveMs, clock = systemClock } = this.#options;
    const used = new Set<QueuedControllers>();
    const messages = Records.map((record) => ({ id: record.messageId, body: record.body, group: groupOf(record) }));
    const failed = await runGroups(
      messages,
      async ({ body }) => {
        const wakeup = parse(body);
        const controllers = await this.#controllers(wakeup.cluster);
        used.add(controllers);
        return controllers.run(wakeup);
      },
      {
        clock,
        deadline: clock.now() + remainingMs - reserveMs,
        parallel,
        onError: ({ id }, error) => logError(error, `message ${id}`),
      },
    );
    // What is recorded after the answer would wait for the next invocation, or for ever.
    await Promise.all([...used].map((controllers) => controllers.flush()));
    return batchResponse(failed);
  }

  async #controllers(cluster: string): Promise<QueuedControllers> {
    const { loops } = this.#options;
    if (!loops.names.includes(cluster)) throw new MalformedMessage("the cluster is not served");
    return (await loops.get(cluster)).controllers();
  }
}
