/** Work that an invocation waits for no longer than it has time. */
import type { Clock } from "../../lib/apimachinery/clock.ts";

/** The work goes on and on. */
export class NotDone extends Error {
  override name = "NotDone";
}

/**
 * What the work gives, if it does so by that time (ms). Throws NotDone else; the work is not ended by that, so that it
 * must do no harm where it is done twice.
 */
export async function inTime<T>(clock: Clock, end: number, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(Math.max(0, end - clock.now()), done.signal).then(() => {
    if (!done.signal.aborted) throw new NotDone("it is not done in time");
    return work;
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
