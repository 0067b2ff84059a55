/** A queue of keys of which each is worked on by one at a time (upstream: client-go/util/workqueue). */
import type { Clock } from "../apimachinery/clock.ts";

const baseDelayMs = 5;
const maxDelayMs = 1_000_000;
/** What a timer can wait; a later due time comes in steps. */
const maxTimerMs = 2_147_483_647;

/**
 * Keys to work on. A key added twice is worked on once; a key added while it is worked on is worked on again after.
 * Whoever gets a key must call done.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #queue: string[] = [];
  #head = 0;
  /** To be worked on. */
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delayed = new Map<string, { dueAt: number; cancel: AbortController }>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keys that wait to be worked on, without those that are worked on or not due. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** Whether nothing waits and nothing is worked on; what is not due does not count. */
  get idle(): boolean {
    return this.length === 0 && this.#processing.size === 0;
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#push(key);
  }

  /** The next key, or undefined when the queue has been closed. */
  get(): Promise<string | undefined> {
    const key = this.#shift();
    if (key !== undefined || this.#closed) return Promise.resolve(key);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#push(key);
  }

  /** Adds after a delay; of several delays the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueAt = this.#clock.now() + delayMs;
    const waiting = this.#delayed.get(key);
    if (waiting !== undefined) {
      if (waiting.dueAt <= dueAt) return;
      waiting.cancel.abort();
    }
    void this.#wait(key, dueAt);
  }

  /** Adds after a delay that doubles with every failure: 5 ms up to 1,000 s. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, Math.min(baseDelayMs * 2 ** failures, maxDelayMs));
  }

  /** The key has been worked on well: its next failure starts with the short delay. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often in a row addRateLimited was called for the key. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Ends all waiting. Keys that are worked on may still be done. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel.abort();
    this.#delayed.clear();
    for (const resolve of this.#waiters.splice(0)) resolve(undefined);
  }

  async #wait(key: string, dueAt: number): Promise<void> {
    const cancel = new AbortController();
    this.#delayed.set(key, { dueAt, cancel });
    for (let left = dueAt - this.#clock.now(); left > 0; left = dueAt - this.#clock.now()) {
      await this.#clock.sleep(Math.min(left, maxTimerMs), cancel.signal);
      if (cancel.signal.aborted) return;
    }
    this.#delayed.delete(key);
    this.add(key);
  }

  #push(key: string): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#queue.push(key);
      return;
    }
    this.#start(key);
    waiter(key);
  }

  #shift(): string | undefined {
    if (this.#head >= this.#queue.length) return undefined;
    const key = this.#queue[this.#head++];
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    this.#start(key);
    return key;
  }

  #start(key: string): void {
    this.#dirty.delete(key);
    this.#processing.add(key);
  }
}
