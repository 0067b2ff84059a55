/** What must hold at the end of a run, whatever happened in it. */
import type { Item } from "../../lib/aws/dynamodb/table.ts";
import { firstRevision } from "../../lib/storage/interface.ts";
import type { Notes } from "./store-actors.ts";

interface State {
  readonly revision: number;
  readonly text: string;
}

/** The log as it was decided: entries in order, voids left out. */
interface Entry {
  readonly revision: number;
  readonly key: string;
  readonly type: string;
  readonly text: string;
  readonly previous: number;
}

/** Throws at the first thing that does not hold. */
export function checkRun(history: ReadonlyMap<number, Item>, notes: Notes): void {
  // Where a reader has been, everything before is settled; writers may still be at work beyond.
  const read = [...notes.lists.map(({ revision }) => revision), ...notes.watches.map(({ position }) => position)];
  const entries = entriesOf(history, Math.max(0, ...read));
  const states = replay(entries);
  checkWrites(history, notes);
  checkGets(history, notes);
  checkLists(states, notes);
  checkWatches(entries, notes);
}

function entriesOf(history: ReadonlyMap<number, Item>, last: number): Entry[] {
  const entries: Entry[] = [];
  for (let revision = firstRevision + 1; revision <= last; revision++) {
    const item = history.get(revision);
    if (item === undefined) throw new Error(`revision ${revision} is neither an entry nor a void`);
    if (item.t !== "log") continue;
    const { k: key, c: type, d: text, pr: previous = 0 } = item;
    entries.push({ revision, key: String(key), type: String(type), text: String(text), previous: Number(previous) });
  }
  return entries;
}

/** The states that the log says there were, by revision. Throws where it contradicts itself. */
function replay(entries: readonly Entry[]): { revision: number; objects: ReadonlyMap<string, State> }[] {
  const states = [{ revision: firstRevision, objects: new Map<string, State>() }];
  let objects = new Map<string, State>();
  for (const { revision, key, type, text, previous } of entries) {
    const before = objects.get(key)?.revision ?? 0;
    if (before !== previous) {
      throw new Error(`${type} ${key} at ${revision} replaces ${previous}, but the log says ${before} was there`);
    }
    objects = new Map(objects);
    if (type === "deleted") objects.delete(key);
    else objects.set(key, { revision, text });
    states.push({ revision, objects });
  }
  return states;
}

function checkWrites(history: ReadonlyMap<number, Item>, { writes, lists }: Notes): void {
  const entries = [...history.values()].filter(({ t }) => t === "log");
  const written = new Map(entries.map(({ d, r }) => [JSON.parse(String(d)).id as string, { revision: Number(r) }]));
  if (written.size !== entries.length) throw new Error("a write happened twice");
  for (const { id, outcome, revision } of writes) {
    const entry = written.get(id);
    if (outcome === "refused" && entry !== undefined) throw new Error(`${id} was refused but happened`);
    if (outcome === "acknowledged" && entry?.revision !== revision)
      throw new Error(`${id} was acknowledged at ${revision} but is at ${entry?.revision}`);
  }
  for (const list of lists) {
    if (!list.isNewest) continue;
    for (const { id, revision = 0, at } of writes) {
      if (at < list.begunAt && revision > list.revision) throw new Error(`a list that began after ${id} is older`);
    }
  }
}

function checkGets(history: ReadonlyMap<number, Item>, { gets }: Notes): void {
  for (const { key, after, revision } of gets) {
    // Nothing is there after a deletion: the acknowledged one or a later one.
    const isDeleted = () =>
      [...history.values()].some(({ k, c, r }) => k === key && c === "deleted" && Number(r) >= after);
    if (revision === 0 ? !isDeleted() : revision < after) {
      throw new Error(`get of ${key} at ${revision} is older than the acknowledged ${after}`);
    }
  }
}

function checkLists(states: ReturnType<typeof replay>, { lists }: Notes): void {
  for (const { revision, prefix, items } of lists) {
    const objects = states.findLast((state) => state.revision <= revision)?.objects ?? new Map<string, State>();
    const want = [...objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, state]) => `${key}@${state.revision} ${state.text}`)
      .sort();
    const got = items.map((item) => `${item.key}@${item.revision} ${item.text}`);
    if (got.join() !== want.join()) throw new Error(`the list at ${revision} is [${got}], the log says [${want}]`);
  }
}

function checkWatches(entries: readonly Entry[], { watches }: Notes): void {
  for (const { after, prefix, entries: got, position } of watches) {
    const want = entries.filter(
      ({ revision, key }) => revision > after && revision <= position && key.startsWith(prefix),
    );
    const wanted = want.map(
      ({ revision, type, key, text, previous }) => `${revision} ${type} ${key} ${text} ${previous}`,
    );
    const given = got.map(
      ({ revision, type, key, text, previous }) => `${revision} ${type} ${key} ${text} ${previous?.revision ?? 0}`,
    );
    if (given.join() !== wanted.join()) {
      throw new Error(`a watch of (${after}, ${position}] was given [${given}], the log says [${wanted}]`);
    }
  }
}
