/** Sends wake-ups: now into the FIFO queues, later into the delays' queue or, for more than 15 minutes, the due times. */
import type { Clock, Random } from "../../apimachinery/clock.ts";
import {
  type DelayedWakeup,
  delayMessage,
  maxDelaySeconds,
  type QueueMessage,
  type Wakeup,
  wakeupMessage,
} from "./messages.ts";

/** Where messages go. */
export interface Outbox {
  /** Resolves when the queues have all of them. Rejects where one may be missing; sending all again is harmless. */
  send(messages: readonly QueueMessage[]): Promise<void>;
}

/** What is due later than a queue can wait. */
export interface DueTimes {
  /** Notes a wake-up; the same one with the same time is noted once. */
  put(wakeup: DelayedWakeup): Promise<void>;
  /**
   * What is due at or before a time (ms), in its order, so many at most. `eventually`: as it was a moment before, at
   * half the price.
   */
  due(
    cluster: string,
    until: number,
    limit: number,
    options?: { readonly eventually?: boolean },
  ): Promise<readonly DelayedWakeup[]>;
  /** Forgets one that `due` gave; fine where it is gone. */
  remove(wakeup: DelayedWakeup): Promise<void>;
}

/** What wake-ups are sent with. */
export interface WakeupsOptions {
  readonly outbox: Outbox;
  readonly dueTimes: DueTimes;
  readonly clock: Clock;
  readonly random: Random;
}

/** The way to the queues. */
export class Wakeups {
  readonly #options: WakeupsOptions;

  constructor(options: WakeupsOptions) {
    this.#options = options;
  }

  /** Wakes them now. Rejects as the outbox does. */
  async now(wakeups: readonly Wakeup[]): Promise<void> {
    if (wakeups.length === 0) return;
    const { outbox, random } = this.#options;
    await outbox.send(wakeups.map((wakeup) => wakeupMessage(wakeup, () => random.uuid())));
  }

  /** Wakes one at its time. Rejects as the outbox and the due times do. */
  async later(wakeup: DelayedWakeup): Promise<void> {
    const { outbox, dueTimes, clock } = this.#options;
    const now = clock.now();
    if (wakeup.dueAt <= now) {
      const { dueAt: _, ...due } = wakeup;
      await this.now([due]);
    } else if (wakeup.dueAt - now > maxDelaySeconds * 1000) await dueTimes.put(wakeup);
    else await outbox.send([delayMessage(wakeup, now)]);
  }
}
