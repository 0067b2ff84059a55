/** Back-off by key that doubles and is forgotten after a quiet time (upstream: client-go/util/flowcontrol). */

interface Entry {
  delayMs: number;
  updatedAt: number;
}

/** Delays by key. Times are milliseconds since the epoch. */
export class BackOff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(initialMs: number, maxMs: number) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
  }

  /** The current delay; 0 where there is none. */
  get(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Notes a failure at `at`: the first delay, twice the last, or the first again after a quiet time. */
  next(key: string, at: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, at)) {
      this.#entries.set(key, { delayMs: this.#initialMs, updatedAt: at });
      return;
    }
    entry.delayMs = Math.min(entry.delayMs * 2, this.#maxMs);
    entry.updatedAt = at;
  }

  /** When the next attempt may be made after something ended at `endedAt`; undefined where it may be now. */
  until(key: string, endedAt: number, now: number): number | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, endedAt)) return undefined;
    return now - endedAt < entry.delayMs ? endedAt + entry.delayMs : undefined;
  }

  /** When the next attempt may be made after the last failure noted; undefined where it may be now. */
  untilSinceUpdate(key: string, now: number): number | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, now)) return undefined;
    return now - entry.updatedAt < entry.delayMs ? entry.updatedAt + entry.delayMs : undefined;
  }

  /** Forgets keys that begin so. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: Entry, at: number): boolean {
    return at - entry.updatedAt > this.#maxMs * 2;
  }
}

/** A duration as Go prints it, to the second: `10s`, `1m20s`, `5m0s`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${seconds % 60}s`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds % 60}s`;
}
