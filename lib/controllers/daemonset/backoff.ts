/** How long a failed daemon pod stays before it is replaced (upstream: failedPodsBackoff in controller/daemon). */

const baseMs = 1000;
const maxMs = 900_000;

/** Delays that double with each failure of a key, and are forgotten after a long time without one. */
export class FailureBackoff {
  readonly #entries = new Map<string, { delayMs: number; until: number }>();

  /** 0 where a failure may be acted on now (then it counts), else the ms to wait. */
  take(key: string, now: number): number {
    const entry = this.#entries.get(key);
    if (entry !== undefined && now < entry.until) return entry.until - now;
    const fresh = entry === undefined || now - entry.until > 2 * maxMs;
    const delayMs = fresh ? baseMs : Math.min(entry.delayMs * 2, maxMs);
    this.#entries.set(key, { delayMs, until: now + delayMs });
    return 0;
  }
}
