/** Counts repeated events, joins similar ones and drops floods (upstream: client-go/tools/record/events_cache.go). */
import type { Clock } from "../apimachinery/clock.ts";
import { timeText } from "../apimachinery/clock.ts";

/** An event before it is known whether it has been seen already. */
export interface Occurrence {
  /** Source and involved object, as text. */
  readonly subject: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** What to do with an occurrence: write a new Event, or change the count of one. */
export type Correlated =
  | { readonly action: "create"; readonly key: string; readonly message: string; readonly time: string }
  | {
      readonly action: "update";
      readonly key: string;
      readonly message: string;
      readonly time: string;
      readonly firstTime: string;
      readonly name: string;
      readonly count: number;
    }
  | { readonly action: "drop" };

const maxEntries = 4096;
/** From so many different messages on, similar events become one. */
const maxSimilar = 10;
const similarMs = 600_000;
/** So many events an object may have at once, and one more each refillMs. */
const burst = 25;
const refillMs = 300_000;

interface Seen {
  count: number;
  firstTime: string;
  name: string;
}

/** Remembers what was recorded; forgets the least recently used. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  readonly #similar = new Map<string, { messages: Set<string>; at: number }>();
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  correlate({ subject, type, reason, message }: Occurrence): Correlated {
    const now = this.#clock.now();
    const time = timeText(now);
    const group = [subject, type, reason].join("\n");
    const combined = this.#isOneOfMany(group, message, now);
    // Aggregation is counted before the flood is judged, as upstream does.
    if (!this.#takeToken(`${subject}\n${type}`, now)) return { action: "drop" };
    const key = combined ? group : `${group}\n${message}`;
    const text = combined ? `(combined from similar events): ${message}` : message;
    const seen = touch(this.#seen, key);
    if (seen === undefined) return { action: "create", key, message: text, time };
    seen.count++;
    const { firstTime, name, count } = seen;
    return { action: "update", key, message: text, time, firstTime, name, count };
  }

  /** Notes the Event that was written for a key, so that the next occurrence counts it. */
  created(key: string, name: string, firstTime: string, count: number): void {
    put(this.#seen, key, { count, firstTime, name });
  }

  /** The Event of a key is gone: the next occurrence writes a new one. */
  forget(key: string): void {
    this.#seen.delete(key);
  }

  #isOneOfMany(group: string, message: string, now: number): boolean {
    let record = touch(this.#similar, group);
    if (record === undefined || now - record.at > similarMs) record = { messages: new Set(), at: now };
    record.messages.add(message);
    record.at = now;
    put(this.#similar, group, record);
    if (record.messages.size < maxSimilar) return false;
    for (const one of record.messages) {
      record.messages.delete(one);
      break;
    }
    return true;
  }

  #takeToken(subject: string, now: number): boolean {
    const bucket = touch(this.#buckets, subject) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs);
    bucket.at = now;
    put(this.#buckets, subject, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

/** Reads, and makes the entry the most recently used one. */
function touch<V>(map: Map<string, V>, key: string): V | undefined {
  const value = map.get(key);
  if (value === undefined) return undefined;
  map.delete(key);
  map.set(key, value);
  return value;
}

function put<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxEntries) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
