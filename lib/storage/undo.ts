/**
 * The state at a revision, from the newest state and the log: what was written since is undone. Created since: left
 * out; changed or deleted since: the version before, merged back in the order of keys.
 */
import { compareKeys } from "./keys.ts";

/** More changes than this are not undone: the list begins again at a newer revision. */
export const maxUndo = 10_000;

/** A change after the wanted revision; `previous` points to the version it replaced, absent of a creation. */
export interface UndoEntry<P> {
  readonly key: string;
  readonly previous?: P | undefined;
}

/** What to do with each key that was changed since. */
export interface Undo<P> {
  /** Keys whose newest version is younger than the wanted revision. */
  readonly changed: ReadonlySet<string>;
  /** The versions to put back, in key order. */
  readonly restored: readonly { readonly key: string; readonly previous: P }[];
}

/** Plans the undoing of `entries`, which are all changes after the wanted revision, oldest first. */
export function planUndo<P>(entries: Iterable<UndoEntry<P>>): Undo<P> {
  const changed = new Set<string>();
  const restored: { key: string; previous: P }[] = [];
  for (const { key, previous } of entries) {
    // The oldest change of a key knows the version that was there at the wanted revision.
    if (changed.has(key)) continue;
    changed.add(key);
    if (previous !== undefined) restored.push({ key, previous });
  }
  restored.sort((a, b) => compareKeys(a.key, b.key));
  return { changed, restored };
}
