/** Empties the due times into the queues. */
import type { Clock } from "../../apimachinery/clock.ts";
import { delayMessage } from "./messages.ts";
import type { DueTimes, Outbox } from "./wakeups.ts";

/** What is due until the next sweep goes into the delays' queue, which knows seconds. */
export const sweepAheadMs = 70_000;
/** So many at once, and so many times at most. */
const pageSize = 100;
const maxPages = 20;

/**
 * Sends what is due within `sweepAheadMs`, and forgets it then: a crash between both wakes twice. Gives how many.
 * Rejects as the outbox and the due times do.
 */
export async function sweepDue(cluster: string, dueTimes: DueTimes, outbox: Outbox, clock: Clock): Promise<number> {
  let sent = 0;
  for (let page = 0; page < maxPages; page++) {
    const now = clock.now();
    // What was noted a moment ago is not due before the next sweep. What was removed just now must be seen to be gone.
    const due = await dueTimes.due(cluster, now + sweepAheadMs, pageSize, { eventually: page === 0 });
    if (due.length > 0) {
      await outbox.send(due.map((wakeup) => delayMessage(wakeup, now)));
      await Promise.all(due.map((wakeup) => dueTimes.remove(wakeup)));
    }
    sent += due.length;
    if (due.length < pageSize) break;
  }
  return sent;
}
