/**
 * The API server's time, for what it must believe: a signed token is good for a quarter of an hour only, and a machine's
 * own clock may be off by more.
 */
import type { Clock } from "../../lib/apimachinery/clock.ts";

/** Looked at again after so long (ms). */
const lookMs = 3_600_000;

/** A clock that is set by the server's. */
export class ServerClock implements Clock {
  readonly #clock: Clock;
  readonly #serverTime: () => Promise<number>;
  #offsetMs = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  /** `serverTime` gives the server's time (ms); see `dateOf`. */
  constructor(clock: Clock, serverTime: () => Promise<number>) {
    this.#clock = clock;
    this.#serverTime = serverTime;
  }

  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }

  /** Sets the clock, unless that was done within the hour; who comes meanwhile waits. Rejects where the server is away. */
  async set(): Promise<void> {
    if (Math.abs(this.#clock.now() - this.#lookedAt) < lookMs) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    const time = await this.#serverTime();
    this.#lookedAt = this.#clock.now();
    this.#offsetMs = time - this.#lookedAt;
  }
}

/** The time of an HTTP server by the date that any of its answers bears, refusals too. Rejects where it has none. */
export async function dateOf(url: string): Promise<number> {
  const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(30_000) });
  await response.body?.cancel();
  const time = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(time)) throw new Error(`${url} does not say what time it is`);
  return time;
}
