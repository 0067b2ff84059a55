/** watch: first from the file, then from memory as commits happen. */
import { type LogEntry, RevisionCompacted, type WatchBatch, type WatchOptions } from "../interface.ts";
import type { CollectionState, Tail } from "./collection-state.ts";
import type { Reader } from "./read.ts";

/** Tails a collection's log until one of the signals ends it (a store that closes wakes its tails). Throws RevisionCompacted. */
export async function* watch(
  reader: Reader,
  state: CollectionState,
  { after, prefix = "", signal }: WatchOptions,
  closing: AbortSignal,
): AsyncGenerator<WatchBatch> {
  if (after !== 0 && after < state.compacted) throw new RevisionCompacted(state.compacted, state.counter.revision);
  let wake = () => {};
  const tail: Tail = { position: after === 0 ? state.compacted : after, wake: () => wake() };
  const ended = () => wake();
  signal.addEventListener("abort", ended);
  state.tails.add(tail);
  try {
    while (!signal.aborted && !closing.aborted) {
      if (state.revision <= tail.position) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const entries = state.recentAfter(tail.position) ?? readLog(reader, state, tail.position);
      const revision = entries.at(-1)?.revision ?? state.revision;
      tail.position = revision;
      yield { entries: within(prefix, entries), revision };
    }
  } finally {
    state.tails.delete(tail);
    signal.removeEventListener("abort", ended);
  }
}

function readLog(reader: Reader, state: CollectionState, after: number): LogEntry[] {
  if (after < state.compacted) throw new RevisionCompacted(state.compacted, state.counter.revision);
  return reader.log(state, after);
}

function within(prefix: string, entries: readonly LogEntry[]): readonly LogEntry[] {
  return prefix === "" ? entries : entries.filter(({ key }) => key.startsWith(prefix));
}
