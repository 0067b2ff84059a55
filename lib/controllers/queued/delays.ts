/** What becomes of a message of the delays' queue. */
import type { Clock } from "../../apimachinery/clock.ts";
import { delayMessage, parseDelayMessage, wakeupMessage } from "./messages.ts";
import type { Outbox } from "./wakeups.ts";

/** A message as a queue delivers it. */
export interface Delivered {
  /** Given by the queue; a message that comes twice has the same. */
  readonly id: string;
  readonly body: string;
}

/**
 * Passes a delayed wake-up on into its FIFO queue. One that came too early is sent again with the rest of its delay.
 * The message's own id keeps a second delivery from waking twice; another message, for the same time, is another one.
 * Throws MalformedMessage; rejects as the outbox does.
 */
export async function forwardDelay({ id, body }: Delivered, outbox: Outbox, clock: Clock): Promise<void> {
  const wakeup = parseDelayMessage(body);
  const now = clock.now();
  if (wakeup.dueAt > now) {
    await outbox.send([delayMessage(wakeup, now)]);
    return;
  }
  const { dueAt: _, collection: __, revision: ___, ...due } = wakeup;
  await outbox.send([wakeupMessage(due, () => id)]);
}
