/** Hears from the inbox what has changed, and has it read. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import type { Resource } from "../../lib/apimachinery/meta.ts";
import { type Inbox, InboxGone, type InboxMessage, parseNudge } from "../../lib/nodes/inbox.ts";

/** What a reader works with. */
export interface InboxReaderOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What the agent reads, by collection (`group/resource`). */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Resolves when the copies of the resources, or all, are read. */
  need(resources?: readonly Resource[]): Promise<void>;
  readonly onError: (error: unknown) => void;
}

const firstDelayMs = 1000;
const maxDelayMs = 60_000;
/** After a pause between two looks that is longer than this, messages may have been missed (ms). */
const maxPauseMs = 5 * 60_000;
/** After so long without a nudge everything is read once, in case one was lost (ms). */
const maxSilenceMs = 30 * 60_000;

/** Reads an inbox after the other. */
export class InboxReader {
  readonly #options: InboxReaderOptions;

  constructor(options: InboxReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads everything, then what the inbox names, until the signal aborts; false: the inbox is gone. Never rejects.
   * While the queue can't be asked, everything is read with growing pauses.
   */
  async run(inbox: Inbox, signal: AbortSignal): Promise<boolean> {
    const { clock, random, need, onError } = this.#options;
    let delayMs = firstDelayMs;
    let lookedAt = clock.now();
    let heardAt = clock.now();
    await need();
    while (!signal.aborted) {
      try {
        const messages = await inbox.receive(signal);
        const now = clock.now();
        const isLate = now - lookedAt > maxPauseMs || now - heardAt > maxSilenceMs;
        lookedAt = now;
        if (messages.length > 0 || isLate) heardAt = now;
        if (isLate) await need();
        else if (messages.length > 0) await this.#read(messages);
        await inbox.delete(messages);
        delayMs = firstDelayMs;
      } catch (error) {
        if (signal.aborted) break;
        onError(error);
        if (error instanceof InboxGone) return false;
        await clock.sleep(delayMs * (0.5 + random.number()), signal);
        delayMs = Math.min(delayMs * 2, maxDelayMs);
        await need();
        lookedAt = clock.now();
        heardAt = lookedAt;
      }
    }
    return true;
  }

  async #read(messages: readonly InboxMessage[]): Promise<void> {
    const { resources, need } = this.#options;
    const named = new Set<Resource>();
    for (const { body } of messages) {
      const nudge = parseNudge(body);
      // What can't be understood may have been anything.
      if (nudge === undefined) return need();
      const resource = resources.get(nudge.collection);
      if (resource !== undefined) named.add(resource);
    }
    if (named.size > 0) await need([...named]);
  }
}
