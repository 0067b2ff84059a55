/**
 * What the queues of the control loops carry, and in which form. All of it may come twice, late, out of order or
 * malformed.
 *
 * How the cloud's composition fits together, and how a simulation drives it (nothing here knows AWS or the time):
 *
 * 1. Every change of the store goes, at least once and in order per object, to a `ChangeMapper` (`change-mapper.ts`): one
 *    of a process that plays the stream's consumer. What `map` gives is sent with `Wakeups.now` (`wakeups.ts`).
 * 2. `Wakeups` writes to an `Outbox`: three queues. "controllers" and "scheduler" are FIFO: one message of a `group` at a
 *    time, in order; a `deduplicationId` that was accepted within five minutes is swallowed. "delays" holds a message
 *    back for `delaySeconds` and promises no order. What is due later than that goes to `DueTimes`, which `sweepDue`
 *    (`due.ts`), called each minute, empties into "delays".
 * 3. A "controllers" message is read by `parseKeyMessage`, a "scheduler" message by `parseSchedulerMessage`; both go to
 *    `QueuedControllers.run` (`runner.ts`). It resolves: acknowledge. It rejects: deliver again, later a dead letter.
 *    `runGroups` (`groups.ts`) does so for a batch and gives the messages to deliver again.
 * 4. A "delays" message is read by `parseParked`. Entries of a log that could not be dispatched (`parkedMessage`) are
 *    read from the log again and go the way of 1; everything else goes to `forwardDelay` (`delays.ts`), with the id
 *    that the queue gave it.
 * 5. Each minute `silentNodes` (`silent-nodes.ts`) and `Resync.run` (`resync.ts`) give wake-ups too.
 *
 * A crash is: whatever was awaited never settles, and all of these objects are made anew over the same store.
 */
import { createHash } from "node:crypto";
import type { Resource } from "../../apimachinery/meta.ts";
import { schedulerName } from "../index.ts";

/** What calls a controller's reconcile for a key. */
export interface Wakeup {
  readonly cluster: string;
  /** As in the list of all controllers, or the scheduler's name. */
  readonly controller: string;
  readonly key: string;
  /** `group/resource` of the change that is the cause; absent: no change is (a delay, a retry). */
  readonly collection?: string;
  /** The revision of that change. */
  readonly revision?: number;
  /** How often in a row it has failed; absent: never. */
  readonly attempt?: number;
}

/** A wake-up that is due later. */
export interface DelayedWakeup extends Wakeup {
  /** When (ms). It may come later, and is never passed on earlier. */
  readonly dueAt: number;
}

/** An entry of a cluster's log, by its place: what it holds may be a secret, and is read from the log. */
export interface EntryPlace {
  /** `group/resource`. */
  readonly collection: string;
  readonly revision: number;
  /** When the log got it (ms). */
  readonly at: number;
}

/** Entries of one cluster's log that are to be dispatched later, in their order. */
export interface ParkedEntries {
  readonly cluster: string;
  readonly entries: readonly EntryPlace[];
  /** How often in a row they have failed; at least once. */
  readonly attempt: number;
}

/** The queues, by what they are for. */
export type QueueName = "controllers" | "scheduler" | "delays";

/** A message as a queue takes it. */
export interface QueueMessage {
  readonly queue: QueueName;
  readonly body: string;
  /** Of a FIFO queue: messages of a group are worked on one after the other. */
  readonly group?: string;
  /** Of a FIFO queue: another message with this id within five minutes is swallowed. */
  readonly deduplicationId?: string;
  /** Of "delays": 0 to `maxDelaySeconds`. */
  readonly delaySeconds?: number;
}

/** A message that no delivery will make readable. Says what is wrong, never what was in it. */
export class MalformedMessage extends Error {
  override name = "MalformedMessage";
}

/** The longest delay of a queue. */
export const maxDelaySeconds = 900;

/** More entries than a batch of the stream can have are in no message of ours. */
const maxParked = 1_000;

/** The scheduler's only key: all that is pending. */
export const pendingKey = "pending";

/** How messages and the coverage of runs name a collection. */
export function collectionOf({ group, resource }: Pick<Resource, "group" | "resource">): string {
  return `${group}/${resource}`;
}

/**
 * A wake-up as a message of its FIFO queue. Without a change as its cause it needs an id of its own, else it would be
 * swallowed after the first one like it.
 */
export function wakeupMessage(wakeup: Wakeup, uniqueId: () => string): QueueMessage {
  const { cluster, controller, key, collection, revision } = wakeup;
  const isScheduler = controller === schedulerName;
  const cause = collection === undefined || revision === undefined ? [uniqueId()] : [collection, String(revision)];
  const { controller: _, key: __, ...rest } = wakeup;
  return {
    queue: isScheduler ? "scheduler" : "controllers",
    body: JSON.stringify(isScheduler ? rest : wakeup),
    group: isScheduler ? cluster : digest(cluster, controller, key),
    deduplicationId: digest(cluster, controller, key, ...cause),
  };
}

/** A delayed wake-up as a message of the delays' queue; of a longer delay than that can hold, as much as it can. */
export function delayMessage(wakeup: DelayedWakeup, now: number): QueueMessage {
  const seconds = Math.ceil((wakeup.dueAt - now) / 1000);
  const delaySeconds = Math.min(Math.max(seconds, 0), maxDelaySeconds);
  return { queue: "delays", body: JSON.stringify(wakeup), delaySeconds };
}

/** Parked entries as a message of the delays' queue: they come after 1 s, twice as long with each attempt. */
export function parkedMessage({ cluster, entries, attempt }: ParkedEntries): QueueMessage {
  const places = entries.map(({ collection, revision, at }) => ({ collection, revision, at }));
  const body = JSON.stringify({ cluster, attempt, entries: places });
  return { queue: "delays", body, delaySeconds: Math.min(2 ** (attempt - 1), maxDelaySeconds) };
}

/** Reads a message of the controllers' queue. Throws MalformedMessage. */
export function parseKeyMessage(body: string): Wakeup {
  const fields = parseObject(body);
  return wakeupOf(fields, text(fields, "controller"), text(fields, "key"));
}

/** Reads a message of the scheduler's queue. Throws MalformedMessage. */
export function parseSchedulerMessage(body: string): Wakeup {
  return wakeupOf(parseObject(body), schedulerName, pendingKey);
}

/** Reads a message of the delays' queue; without a due time it is due now. Throws MalformedMessage. */
export function parseDelayMessage(body: string): DelayedWakeup {
  const fields = parseObject(body);
  const wakeup = wakeupOf(fields, text(fields, "controller"), text(fields, "key"));
  return { ...wakeup, dueAt: optional(fields, "dueAt", isTime) ?? 0 };
}

/** Reads a message of the delays' queue; undefined: it is of no parked entries. Throws MalformedMessage. */
export function parseParked(body: string): ParkedEntries | undefined {
  const fields = parseObject(body);
  const { entries } = fields;
  if (entries === undefined) return undefined;
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > maxParked) {
    throw new MalformedMessage("entries is not what it should be");
  }
  const attempt = Math.max(1, optional(fields, "attempt", isCount) ?? 1);
  return { cluster: text(fields, "cluster"), entries: entries.map(placeOf), attempt };
}

function placeOf(value: unknown): EntryPlace {
  const fields = fieldsOf(value, "an entry");
  const collection = optional(fields, "collection", isCollection);
  const revision = optional(fields, "revision", isCount);
  const at = optional(fields, "at", isTime);
  if (collection === undefined || revision === undefined || revision === 0 || at === undefined) {
    throw new MalformedMessage("an entry lacks its place");
  }
  return { collection, revision, at };
}

function wakeupOf(fields: Readonly<Record<string, unknown>>, controller: string, key: string): Wakeup {
  const cluster = text(fields, "cluster");
  const collection = optional(fields, "collection", isText);
  const revision = optional(fields, "revision", isCount);
  const attempt = optional(fields, "attempt", isCount);
  return {
    cluster,
    controller,
    key,
    ...(collection === undefined ? {} : { collection }),
    ...(revision === undefined ? {} : { revision }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The parser's own message quotes the text.
    throw new MalformedMessage("the message is no JSON");
  }
  return fieldsOf(value, "the message");
}

function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedMessage(`${what} is no JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isCollection = (value: unknown): value is string => isText(value) && /^[^/#]*\/[^/#]+$/.test(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime = (value: unknown): value is number => Number.isFinite(value);

function text(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = optional(fields, name, isText);
  if (value === undefined) throw new MalformedMessage(`${name} is missing`);
  return value;
}

function optional<T>(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  is: (value: unknown) => value is T,
): T | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!is(value)) throw new MalformedMessage(`${name} is not what it should be`);
  return value;
}

/** SHA-256 in hex: what a queue takes as a group or an id, whatever is in a key. */
function digest(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("|")).digest("hex");
}
