/** The last whole lists, so that lists of what has not changed cost nothing and make no garbage. */
import type { ListResult } from "../interface.ts";
import type { CollectionState } from "./collection-state.ts";

/** Characters of all lists together. */
const maxChars = 16_000_000;

type Items = ListResult["items"];

interface Cached {
  readonly items: Items;
  /** That of the collection's last change in it. */
  readonly revision: number;
  readonly chars: number;
}

/** Lists by collection and prefix, the least recently used forgotten first. */
export class ListCache {
  private readonly lists = new Map<string, Cached>();
  private chars = 0;

  /** The list, if the collection is still at its revision. */
  get(state: CollectionState, prefix: string): Items | undefined {
    const id = idOf(state, prefix);
    const cached = this.lists.get(id);
    if (cached === undefined) return undefined;
    this.forget(id, cached);
    if (cached.revision !== state.revision) return undefined;
    this.lists.set(id, cached);
    this.chars += cached.chars;
    return cached.items;
  }

  /** Keeps a whole list of the newest state. */
  put(state: CollectionState, prefix: string, items: Items): void {
    const chars = items.reduce((sum, { text }) => sum + text.length, 0);
    if (chars > maxChars / 2) return;
    const id = idOf(state, prefix);
    const before = this.lists.get(id);
    if (before !== undefined) this.forget(id, before);
    this.lists.set(id, { items, revision: state.revision, chars });
    this.chars += chars;
    for (const [oldest, cached] of this.lists) {
      if (this.chars <= maxChars) break;
      this.forget(oldest, cached);
    }
  }

  private forget(id: string, { chars }: Cached): void {
    this.lists.delete(id);
    this.chars -= chars;
  }
}

function idOf(state: CollectionState, prefix: string): string {
  return `${state.id} ${prefix}`;
}
