/** list: the newest state straight from the objects, an older one by undoing what the log says was written since. */
import { type ListOptions, type ListResult, RevisionCompacted, RevisionInFuture } from "../interface.ts";
import { compareKeys } from "../keys.ts";
import { maxUndo, planUndo, type Undo } from "../undo.ts";
import type { CollectionState, ListRow } from "./collection-state.ts";
import type { ListCache } from "./list-cache.ts";
import type { Reader } from "./read.ts";
import { parseRecord } from "./writes.ts";

/** How many rows are read at once where it is not known how many will match. */
const scanPage = 500;

/** A page of a collection. Throws RevisionCompacted, RevisionInFuture. */
export function list(reader: Reader, cache: ListCache, state: CollectionState, options: ListOptions): ListResult {
  const newest = state.counter.revision;
  const revision = options.revision ?? newest;
  if (revision > newest) throw new RevisionInFuture(newest);
  if (revision < state.compacted) throw new RevisionCompacted(state.compacted, newest);
  const { prefix = "", after = "", limit, matches } = options;
  const isNewest = revision >= state.revision;
  if (isNewest && matches === undefined && limit === undefined) {
    if (after === "") return { revision, items: wholeList(reader, cache, state, prefix) };
    return { revision, items: reader.range(state, prefix, after, -1) };
  }
  const undo = isNewest ? undefined : undoSince(reader, state, revision, prefix);
  const chunk = matches === undefined && limit !== undefined ? limit + 1 : scanPage;
  const items: ListRow[] = [];
  let last = after;
  for (const row of rowsAt(reader, state, { prefix, after, chunk, undo })) {
    if (limit !== undefined && items.length === limit) {
      if (matches !== undefined) return { revision, items, next: last };
      const remaining = countAfter(reader, state, prefix, last, undo);
      return { revision, items, next: last, remaining };
    }
    last = row.key;
    if (matches === undefined || matchesRow(matches, row)) items.push(row);
  }
  return { revision, items };
}

function wholeList(reader: Reader, cache: ListCache, state: CollectionState, prefix: string): ListResult["items"] {
  const cached = cache.get(state, prefix);
  if (cached !== undefined) return cached;
  const items = reader.range(state, prefix, "", -1);
  cache.put(state, prefix, items);
  return items;
}

function matchesRow(matches: NonNullable<ListOptions["matches"]>, row: ListRow): boolean {
  return matches(row.key, { labels: parseRecord(row.labels), fields: parseRecord(row.fields) });
}

function undoSince(reader: Reader, state: CollectionState, revision: number, prefix: string): Undo<number> {
  const changes = reader.changes(state, revision, maxUndo + 1);
  // Too many to undo: the client begins again, as after a compaction.
  if (changes.length > maxUndo) throw new RevisionCompacted(revision, state.counter.revision);
  return planUndo(changes.filter(({ key }) => key.startsWith(prefix)));
}

/** The rows of the wanted state in key order. */
function* rowsAt(
  reader: Reader,
  state: CollectionState,
  { prefix, after, chunk, undo }: { prefix: string; after: string; chunk: number; undo: Undo<number> | undefined },
): Generator<ListRow> {
  const restored = (undo?.restored ?? []).filter(({ key }) => compareKeys(key, after) > 0);
  let next = 0;
  let from = after;
  while (true) {
    const rows = reader.range(state, prefix, from, chunk);
    for (const row of rows) {
      for (let put = restored[next]; put !== undefined && compareKeys(put.key, row.key) <= 0; put = restored[next]) {
        next++;
        yield reader.version(put.previous);
      }
      if (!undo?.changed.has(row.key)) yield row;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < chunk) break;
    from = last.key;
  }
  for (const put of restored.slice(next)) yield reader.version(put.previous);
}

/** How many keys of the wanted state come after this one. */
function countAfter(
  reader: Reader,
  state: CollectionState,
  prefix: string,
  after: string,
  undo: Undo<number> | undefined,
): number {
  const newest = reader.count(state, prefix, after);
  if (undo === undefined) return newest;
  let changed = 0;
  for (const key of undo.changed) {
    if (compareKeys(key, after) > 0 && reader.object(state, key) !== undefined) changed++;
  }
  return newest - changed + undo.restored.filter(({ key }) => compareKeys(key, after) > 0).length;
}
