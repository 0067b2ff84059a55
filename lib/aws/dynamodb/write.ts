/**
 * A write: a ticket, then one transaction of the object and the log entry. A ticket that did not commit is voided by
 * its own writer before anything else is done, so a write that fails is known never to happen.
 */
import {
  KeyExists,
  KeyNotFound,
  type NewObject,
  RevisionConflict,
  StoreUnavailable,
  type Value,
  ValueTooLarge,
} from "../../storage/interface.ts";
import { isTooLarge, maxTextBytes } from "../../storage/keys.ts";
import { recordAttribute } from "./entry.ts";
import { attribute, canBe, numberOf, stringOf } from "./layout.ts";
import { absent, type CollectionLog } from "./log.ts";
import { isPassing } from "./options.ts";
import { type Condition, ConditionFailed, type Item, keyOf, OutcomeUnknown, TableBusy, type Write } from "./table.ts";
import { type StoredText, storeText } from "./text.ts";

/** Labels, fields and owners of two versions and a text that is not in chunks fit into one item together. */
const maxBesideText = 25_000;

/** A transaction takes 100 items; the object itself may need a dozen. */
const maxOwnerChanges = 80;

/** What a change is to be. */
export interface Change {
  readonly log: CollectionLog;
  readonly key: string;
  readonly value: Value;
  /** Absent: a creation. */
  readonly expected?: number;
  readonly isDeletion?: boolean;
}

/** What a later change needs to know of a version. */
interface Version {
  readonly revision: number;
  readonly labels: string;
  readonly fields: string;
  readonly owners: string;
  readonly chunks: number;
}

interface Ticket {
  readonly revision: number;
  readonly partitions: number;
  /** Names this attempt in the log entry. */
  readonly writer: string;
  readonly giveUpAt: number;
}

/** A change with the version it replaces and its ticket. */
interface Step {
  readonly change: Change;
  readonly current?: Version | undefined;
  readonly ticket: Ticket;
}

const maxRemembered = 2_000;

/** Writes, and remembers the last versions seen so that an update need not read what was just read. */
export class Writer {
  private readonly versions = new Map<string, Version>();

  /** Throws KeyExists, KeyNotFound, RevisionConflict, ValueTooLarge; StoreUnavailable if the outcome may be unknown. */
  async write(change: Change): Promise<number> {
    const { log, expected } = change;
    const { clock, times, random } = log.settings;
    const startedAt = clock.now();
    for (let isFirst = true; ; isFirst = false) {
      const current = expected === undefined ? undefined : await this.current(change, expected, isFirst);
      const giveUpAt = clock.now() + times.giveUpMs;
      const counter = await log.takeTickets(1, giveUpAt);
      const { ticket: revision, partitions } = counter;
      const ticket = { revision, partitions, writer: random.uuid(), giveUpAt };
      if (await this.attempt(log, [{ change, current, ticket }])) {
        log.committed(1, counter);
        log.tendLater(counter);
        return revision;
      }
      if (expected === undefined) await this.refuseIfThere(change);
      if (clock.now() - startedAt > 3 * times.giveUpMs) {
        throw new StoreUnavailable("the write came too late again and again; try again later");
      }
    }
  }

  /**
   * Creates objects in one transaction. Returns their revisions; undefined where that is impossible, because a key is
   * taken, say: nothing was written then. Throws ValueTooLarge; StoreUnavailable if the outcome may be unknown.
   */
  async createTogether(log: CollectionLog, objects: readonly NewObject[]): Promise<readonly number[] | undefined> {
    const { clock, times, random } = log.settings;
    const giveUpAt = clock.now() + times.giveUpMs;
    const counter = await log.takeTickets(objects.length, giveUpAt);
    const shared = { partitions: counter.partitions, writer: random.uuid(), giveUpAt };
    const first = counter.ticket - objects.length + 1;
    const steps = objects.map((object, n) => ({
      change: { log, ...object },
      ticket: { revision: first + n, ...shared },
    }));
    if (!(await this.attempt(log, steps))) return undefined;
    log.committed(objects.length, counter);
    log.tendLater(counter);
    return steps.map(({ ticket }) => ticket.revision);
  }

  /** Remembers an object item that was read. */
  remember(log: CollectionLog, item: Item): void {
    const id = `${log.layout.objects}\0${item.sk}`;
    this.versions.delete(id);
    if (item[attribute.dead] !== undefined) return;
    this.versions.set(id, versionOf(item));
    if (this.versions.size <= maxRemembered) return;
    for (const oldest of this.versions.keys()) {
      this.versions.delete(oldest);
      break;
    }
  }

  private async current(change: Change, expected: number, mayRemember: boolean): Promise<Version> {
    const { log, key } = change;
    const remembered = mayRemember ? this.versions.get(`${log.layout.objects}\0${key}`) : undefined;
    if (remembered?.revision === expected) return remembered;
    const item = await log.persist(() => log.table.get(log.layout.object(key)));
    if (item === undefined || item[attribute.dead] !== undefined) throw new KeyNotFound(`${key} is not there`);
    this.remember(log, item);
    const version = versionOf(item);
    if (version.revision === expected) return version;
    throw new RevisionConflict(`${key} is at revision ${version.revision}, not ${expected}`);
  }

  private async refuseIfThere({ log, key }: Change): Promise<void> {
    const item = await log.persist(() => log.table.get(log.layout.object(key)));
    if (item !== undefined && item[attribute.dead] === undefined) throw new KeyExists(`${key} exists`);
  }

  /** One transaction of steps whose tickets were taken together. False: the tickets are void, nothing was written. */
  private async attempt(log: CollectionLog, steps: readonly Step[]): Promise<boolean> {
    const { clock, random } = log.settings;
    const tickets = steps.map(({ ticket }) => ticket);
    const [{ giveUpAt }] = tickets;
    // The first of each is the object's.
    let writes: Write[][];
    try {
      writes = steps.map(transaction);
    } catch (error) {
      await settleOwn(log, tickets);
      throw error;
    }
    for (let backoffMs = 5; ; backoffMs = Math.min(backoffMs * 2, 500)) {
      try {
        if (clock.now() >= giveUpAt) throw new OutcomeUnknown("the time of the ticket is over");
        await log.table.transact(writes.flat());
        break;
      } catch (error) {
        if (error instanceof ConditionFailed || error instanceof OutcomeUnknown) {
          if (!(await settleOwn(log, tickets))) return false;
          await Promise.all(steps.map(shown));
          break;
        }
        if (!(error instanceof TableBusy)) {
          // Nobody should have to wait for this ticket; what is wrong is said by the error that comes first.
          await settleOwn(log, tickets).catch(() => undefined);
          throw error;
        }
      }
      await clock.sleep(backoffMs * (0.5 + random.number()));
    }
    for (const [object] of writes) if (object !== undefined && "put" in object) this.remember(log, object.put);
    return true;
  }
}

function versionOf(item: Item): Version {
  return {
    revision: numberOf(item, attribute.revision),
    labels: stringOf(item, attribute.labels),
    fields: stringOf(item, attribute.fields),
    owners: stringOf(item, attribute.owners),
    chunks: numberOf(item, attribute.chunks),
  };
}

/**
 * Voids one's own tickets of one transaction. True: too late, it has committed. A transaction that is still on its way
 * fails when it arrives, since the first void is there.
 */
async function settleOwn(log: CollectionLog, [first, ...rest]: readonly Ticket[]): Promise<boolean> {
  if (await settleOne(log, first)) return true;
  await Promise.all(rest.map((ticket) => settleOne(log, ticket)));
  return false;
}

async function settleOne(log: CollectionLog, { revision, partitions, writer }: Ticket): Promise<boolean> {
  try {
    return await log.persist(async () => {
      try {
        await log.table.write(log.void(revision, partitions, writer));
        return false;
      } catch (error) {
        if (!(error instanceof ConditionFailed)) throw error;
      }
      const item = await log.table.get(log.layout.log(revision, partitions));
      if (item === undefined) throw new TableBusy(`revision ${revision} is being written`);
      return item[attribute.type] === "log" && item[attribute.writer] === writer;
    });
  } catch (error) {
    if (!isPassing(error)) throw error;
    throw new StoreUnavailable("the table does not answer: whether the write happened is unknown", { cause: error });
  }
}

/**
 * Waits until the object's item shows a commit that was seen in the log: a transaction's items need not show it at the
 * same moment, and who has an acknowledgement must get what was written.
 */
async function shown({ change: { log, key, isDeletion = false }, ticket: { revision } }: Step): Promise<void> {
  await log.persist(async () => {
    const item = await log.table.get(log.layout.object(key));
    const isShown = item === undefined ? isDeletion : numberOf(item, attribute.revision) >= revision;
    if (!isShown) throw new TableBusy(`revision ${revision} is being written`);
  });
}

/** All items of a change, the object's first. Throws ValueTooLarge, or what the value's own text throws. */
function transaction({ change, current, ticket }: Step): Write[] {
  const { log, key, value, isDeletion } = change;
  const { layout, settings } = log;
  const { revision, partitions, writer } = ticket;
  const stored = storeText(layout, revision, checkedText(value, revision));
  const expires = { [attribute.expires]: log.expiry() };
  const labels = recordAttribute(attribute.labels, value.labels);
  const fields = recordAttribute(attribute.fields, value.fields);
  if (Buffer.byteLength([...Object.values(labels), ...Object.values(fields), ...value.owners].join()) > maxBesideText) {
    throw new ValueTooLarge(`labels, owners and selectable fields are larger than ${maxBesideText} bytes`);
  }
  const entry: Item = {
    ...layout.log(revision, partitions),
    [attribute.type]: "log",
    [attribute.revision]: revision,
    [attribute.key]: key,
    [attribute.change]: current === undefined ? "created" : isDeletion ? "deleted" : "updated",
    [attribute.writer]: writer,
    ...labels,
    ...fields,
    ...previousAttributes(current),
    ...stored.attributes,
    // A deletion is no object's current version: its own entry is old from the beginning.
    ...(isDeletion ? expires : {}),
  };
  const when = objectCondition(change, revision);
  const object =
    isDeletion && !settings.switches.tombstones
      ? { remove: layout.object(key), when }
      : { put: objectItem(change, revision, stored.attributes, log), when };
  const chunks = stored.chunks.map(({ put }) => ({ put: isDeletion ? { ...put, ...expires } : put }));
  const writes = [object, { put: entry, when: absent }, ...chunks, ...ownerChanges(change, current)];
  if (!writes.every((write) => canBe(keyOf(write)))) throw new ValueTooLarge("a name or an owner's uid is too long");
  if (current === undefined) return writes;
  const superseded = [
    layout.log(current.revision, partitions),
    ...Array.from({ length: current.chunks }, (_, part) => layout.chunk(current.revision, part)),
  ];
  return [...writes, ...superseded.map((update) => ({ update, set: expires }))];
}

function checkedText(value: Value, revision: number): string {
  const text = value.text(revision);
  if (!isTooLarge(text)) return text;
  throw new ValueTooLarge(`the object is larger than ${maxTextBytes} bytes: make it smaller, or split it`);
}

function previousAttributes(current: Version | undefined): Record<string, string | number> {
  if (current === undefined) return {};
  return {
    [attribute.previousRevision]: current.revision,
    ...(current.labels === "" ? {} : { [attribute.previousLabels]: current.labels }),
    ...(current.fields === "" ? {} : { [attribute.previousFields]: current.fields }),
  };
}

/** Absent, or a tombstone older than the ticket; an existing object must have the expected revision. */
function objectCondition({ log, expected }: Change, revision: number): Condition {
  const { dead, revision: r } = attribute;
  if (expected !== undefined) return [[{ attribute: r, is: "=", than: expected }, { absent: dead }]];
  if (!log.settings.switches.tombstones) return absent;
  return [...absent, [{ exists: dead }, { attribute: r, is: "<", than: revision }]];
}

/** The object's item after the change: the new version or a tombstone. */
function objectItem(change: Change, revision: number, text: StoredText["attributes"], log: CollectionLog): Item {
  const { key, value, isDeletion } = change;
  const base = { ...log.layout.object(key), [attribute.type]: "object", [attribute.revision]: revision };
  if (isDeletion) {
    const deadAt = log.settings.clock.now();
    return { ...base, [attribute.dead]: 1, [attribute.deadAt]: deadAt, [attribute.expires]: log.expiry() };
  }
  return {
    ...base,
    ...recordAttribute(attribute.labels, value.labels),
    ...recordAttribute(attribute.fields, value.fields),
    ...(value.owners.length === 0 ? {} : { [attribute.owners]: value.owners.join(" ") }),
    ...text,
  };
}

function ownerChanges({ log, key, value, isDeletion }: Change, current: Version | undefined): Write[] {
  const before = new Set((current?.owners ?? "").split(" ").filter((uid) => uid !== ""));
  const after = new Set(isDeletion ? [] : value.owners);
  const added = [...after].filter((uid) => !before.has(uid));
  const removed = [...before].filter((uid) => !after.has(uid));
  if (added.length + removed.length > maxOwnerChanges) {
    throw new ValueTooLarge(`more than ${maxOwnerChanges} ownerReferences change at once: change them step by step`);
  }
  return [
    ...added.map((uid) => ({ put: { ...log.layout.owner(uid, key), [attribute.type]: "owner" } })),
    ...removed.map((uid) => ({ remove: log.layout.owner(uid, key) })),
  ];
}
