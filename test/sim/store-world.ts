/** Virtual time for the store's simulation: everything that happens is an event, replayed exactly by its seed. */
import type { Clock, Random } from "../../lib/apimachinery/clock.ts";
import { seededRandom } from "../support/fake-clock.ts";

interface Event {
  readonly at: number;
  readonly order: number;
  /** Undefined: it was called off. */
  run: (() => void) | undefined;
}

/** Time, events and chance of one run. */
export class World {
  readonly random: Random;
  private time = 1_000_000;
  private order = 0;
  /** A binary heap, earliest first. */
  private readonly events: Event[] = [];
  /** What went wrong in an actor: ends the run. */
  failure: unknown;

  private readonly turns: number;

  /** `turns`: how often the event loop turns between two events; more than one where something waits for its turns. */
  constructor(seed: number, turns = 1) {
    this.random = seededRandom(seed);
    this.turns = turns;
  }

  now(): number {
    return this.time;
  }

  /** Runs something later; the result calls it off. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.time + ms, order: this.order++, run };
    const events = this.events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(events[parent] as Event, event)) break;
      events[at] = events[parent] as Event;
      at = parent;
    }
    events[at] = event;
    return () => {
      event.run = undefined;
    };
  }

  /** A whole number in [from, to]. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.random.number() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.random.number() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Lets things happen until `isDone`, or throws after `maxMs` of virtual time. */
  async runUntil(isDone: () => boolean, maxMs: number): Promise<void> {
    const deadline = this.time + maxMs;
    await this.settle();
    while (!isDone()) {
      if (this.failure !== undefined) throw this.failure;
      const event = this.next();
      if (event === undefined || event.at > deadline) throw new Error("nothing moves any more");
      if (event.run === undefined) continue;
      this.time = Math.max(this.time, event.at);
      event.run();
      await this.settle();
    }
    if (this.failure !== undefined) throw this.failure;
  }

  /** The outcome of something that needs virtual time to pass; throws after `maxMs` of it. */
  async within<T>(promise: Promise<T>, maxMs: number): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    promise.then(done, done);
    await this.runUntil(() => isDone, maxMs);
    return promise;
  }

  /** Lets every promise that is ready go on, however long its chain. */
  private async settle(): Promise<void> {
    for (let turn = 0; turn < this.turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  private next(): Event | undefined {
    const events = this.events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1] as Event, events[child] as Event)) child++;
      if (isBefore(last, events[child] as Event)) break;
      events[at] = events[child] as Event;
      at = child;
    }
    events[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** The clock of a process: once it is dead nothing wakes it. */
export function processClock(world: World, isAlive: () => boolean): Clock {
  return {
    now: () => world.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          if (isAlive()) resolve();
        };
        if (signal?.aborted) return resolve();
        signal?.addEventListener("abort", wake);
        world.after(ms, wake);
      }),
  };
}
