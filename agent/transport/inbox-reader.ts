/** Hears from the inbox what has changed, and has it read. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import type { Resource } from "../../lib/apimachinery/meta.ts";
import { type Inbox, InboxGone, type InboxMessage, InboxRefused, parseNudge } from "../../lib/nodes/inbox.ts";
import { type Want, Wants } from "./wants.ts";

/** What a reader works with. */
export interface InboxReaderOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What the agent reads, by collection (`group/resource`). */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Resolves when the copies that are wanted, or all, are read. */
  need(wants?: readonly Want[]): Promise<void>;
  /** Whether the copies hold what was written up to the revision. */
  isRead(want: Want, revision: number): boolean;
  readonly onError: (error: unknown) => void;
}

const firstDelayMs = 1000;
const maxDelayMs = 60_000;
/** After a pause between two looks that is longer than this, messages may have been missed (ms). */
const maxPauseMs = 5 * 60_000;
/** Everything is read so often at least, in case a nudge was lost (ms): up to a fifth sooner, or all nodes would at once. */
const maxAgeMs = 30 * 60_000;
/** A queue that was just made may lose what is sent to it: everything is read again so soon after the first time (ms). */
const firstAgeMs = 60_000;
/** A new policy needs a minute until SQS goes by it. One that refuses for longer than this will never be right (ms). */
const maxRefusedMs = 5 * 60_000;

/** Reads an inbox after the other. */
export class InboxReader {
  readonly #options: InboxReaderOptions;

  constructor(options: InboxReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads everything, then what the inbox names, until the signal aborts; false: the inbox is gone, or of no use. Never
   * rejects. While the queue can't be asked, everything is read with growing pauses.
   */
  async run(inbox: Inbox, signal: AbortSignal): Promise<boolean> {
    const { clock, random, need, onError } = this.#options;
    let delayMs = firstDelayMs;
    let lookedAt = clock.now();
    let refusedAt: number | undefined;
    let isOldAt = clock.now() + firstAgeMs;
    const readAll = async () => {
      isOldAt = clock.now() + maxAgeMs * (1 - random.number() / 5);
      await need();
    };
    await need();
    while (!signal.aborted) {
      try {
        const messages = await inbox.receive(signal);
        const now = clock.now();
        const isLate = now - lookedAt > maxPauseMs || now >= isOldAt;
        lookedAt = now;
        if (isLate) await readAll();
        else await this.#read(messages);
        // Not waited for: the next nudge may be there, and what comes again is known to be read.
        void inbox.delete(messages).catch((error: unknown) => {
          if (!signal.aborted && !(error instanceof InboxGone)) onError(error);
        });
        delayMs = firstDelayMs;
        refusedAt = undefined;
      } catch (error) {
        if (signal.aborted) break;
        onError(error);
        refusedAt = error instanceof InboxRefused ? (refusedAt ?? clock.now()) : undefined;
        const isUseless = refusedAt !== undefined && clock.now() - refusedAt > maxRefusedMs;
        if (error instanceof InboxGone || isUseless) return false;
        await clock.sleep(delayMs * (0.5 + random.number()), signal);
        delayMs = Math.min(delayMs * 2, maxDelayMs);
        await readAll();
        lookedAt = clock.now();
      }
    }
    return true;
  }

  async #read(messages: readonly InboxMessage[]): Promise<void> {
    const { resources, need, isRead } = this.#options;
    const wants = new Wants();
    for (const { body } of messages) {
      const nudge = parseNudge(body);
      // What can't be understood may have been anything.
      if (nudge === undefined) return need();
      const { collection, revision, keys } = nudge;
      const resource = resources.get(collection);
      if (resource === undefined) continue;
      const want = { resource, ...(keys === undefined ? {} : { keys }) };
      if (!isRead(want, revision)) wants.add(want);
    }
    if (wants.list.length > 0) await need(wants.list);
  }
}
