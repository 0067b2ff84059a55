/** Reads what has changed when it is told to, as long as it takes. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import type { Resource } from "../../lib/apimachinery/meta.ts";

/** What it works with. */
export interface CatchUpsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Brings the copies of the resources, or all, up to what was written before the call. */
  read(resources: readonly Resource[] | undefined): Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Told that reading works again, and for how long it did not (ms). */
  readonly onBack?: (awayMs: number) => void;
}

const firstDelayMs = 500;
const maxDelayMs = 30_000;

/** One read at a time; what is asked for meanwhile is read next, together. After a failure everything is read. */
export class CatchUps {
  readonly #options: CatchUpsOptions;
  readonly #stopping = new AbortController();
  /** Resources that are due, by name; undefined: all. */
  #due: Map<string, Resource> | undefined = new Map();
  #waiting: (() => void)[] = [];
  #running = false;

  constructor(options: CatchUpsOptions) {
    this.#options = options;
  }

  /** Resolves when the copies of the resources, or all, hold what was written before the call. */
  need(resources?: readonly Resource[]): Promise<void> {
    if (resources === undefined) this.#due = undefined;
    else for (const one of resources) this.#due?.set(`${one.group}/${one.resource}`, one);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      void this.#run();
    });
  }

  /** Ends the tries; who waits, waits for ever. */
  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { clock, random, read, onError, onBack } = this.#options;
    const { signal } = this.#stopping;
    let delayMs = firstDelayMs;
    let awaySince: number | undefined;
    // Let whoever asks in the same moment be served by the same read.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !signal.aborted) {
      const due = this.#due;
      const waiting = this.#waiting;
      this.#due = new Map();
      this.#waiting = [];
      try {
        await read(due === undefined ? undefined : [...due.values()]);
        for (const resolve of waiting) resolve();
        delayMs = firstDelayMs;
        if (awaySince !== undefined) onBack?.(clock.now() - awaySince);
        awaySince = undefined;
      } catch (error) {
        awaySince ??= clock.now();
        // While the server was away nudges may have been lost, too.
        this.#due = undefined;
        this.#waiting.unshift(...waiting);
        if (signal.aborted) break;
        onError(error);
        await clock.sleep(delayMs * (0.5 + random.number()), signal);
        delayMs = Math.min(delayMs * 2, maxDelayMs);
      }
    }
    this.#running = false;
  }
}
