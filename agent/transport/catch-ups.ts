/** Reads what has changed when it is told to, as long as it takes. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import { type Want, Wants } from "./wants.ts";

/** What it works with. */
export interface CatchUpsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Brings the copies that are wanted, or all, up to what was written before the call. */
  read(wants: readonly Want[] | undefined): Promise<void>;
  readonly onError: (error: unknown) => void;
  /** Told that reading works again, and for how long it did not (ms). */
  readonly onBack?: (awayMs: number) => void;
}

const firstDelayMs = 500;
const maxDelayMs = 30_000;
/** While the server was away for longer than this, what tells of changes may have lost some: everything is read (ms). */
const maxAwayMs = 60_000;

/** One read at a time; what is asked for meanwhile is read next, together. What fails is tried again. */
export class CatchUps {
  readonly #options: CatchUpsOptions;
  readonly #stopping = new AbortController();
  /** undefined: all. */
  #due: Wants | undefined = new Wants();
  #waiting: (() => void)[] = [];
  #running = false;

  constructor(options: CatchUpsOptions) {
    this.#options = options;
  }

  /** Resolves when the copies that are wanted, or all, hold what was written before the call. */
  need(wants?: readonly Want[]): Promise<void> {
    this.#add(wants);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      void this.#run();
    });
  }

  /** Ends the tries; who waits, waits for ever. */
  stop(): void {
    this.#stopping.abort();
  }

  #add(wants: readonly Want[] | undefined): void {
    if (wants === undefined) this.#due = undefined;
    else for (const want of wants) this.#due?.add(want);
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
      const due = this.#due?.list;
      const waiting = this.#waiting;
      this.#due = new Wants();
      this.#waiting = [];
      try {
        await read(due);
        for (const resolve of waiting) resolve();
        delayMs = firstDelayMs;
        if (awaySince !== undefined) onBack?.(clock.now() - awaySince);
        awaySince = undefined;
      } catch (error) {
        awaySince ??= clock.now();
        this.#add(clock.now() - awaySince > maxAwayMs ? undefined : due);
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
